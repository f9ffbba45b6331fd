-- Mails about shipments: to who sends them at the customer, who takes them at the provider, or both (HANDLERS), as
-- packages/domain/src/notices/mails.ts has it.
CREATE OR REPLACE FUNCTION notice_people(audience text, category text, of_provider text, of_tenant text, of_subject text) RETURNS SETOF text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS $$
  SELECT u.id FROM portal_user u
  WHERE u.provider_id = of_provider AND u.deactivated_at IS NULL
    AND NOT EXISTS (SELECT FROM notice_choice c WHERE c.user_id = u.id AND notice_people.category = ANY (c.muted))
    AND CASE
      WHEN u.tenant_id IS NULL THEN (audience = 'SCHEDULERS' AND u.role IN ('PROVIDER_SCHEDULER', 'PROVIDER_ADMIN')) OR (audience = 'PARTIES' AND u.role = 'PROVIDER_SCHEDULER')
        OR (audience IN ('RECEIVERS', 'HANDLERS') AND u.role IN ('PROVIDER_OPERATOR', 'PROVIDER_SCHEDULER', 'PROVIDER_ADMIN'))
      WHEN u.tenant_id IS DISTINCT FROM of_tenant THEN false
      ELSE (audience IN ('OPERATORS', 'PARTIES', 'SENDERS', 'HANDLERS') AND u.role = 'CUSTOMER_OPERATOR')
        OR (audience = 'ACCEPTERS' AND u.role = 'CUSTOMER_APPROVER')
        OR (audience IN ('APPROVERS', 'PARTIES') AND coalesce((SELECT u.role = ANY (a.roles) OR u.id = ANY (a.person_ids) FROM approval_policy a WHERE a.tenant_id = of_tenant), u.role = 'CUSTOMER_APPROVER'))
        OR (audience = 'CREATOR' AND EXISTS (SELECT FROM estimate e WHERE e.id = of_subject AND e.created_by_id = u.id))
    END
$$;

-- A shipment's mails know its wave; a window has nothing to do with them.
CREATE OR REPLACE FUNCTION notify_audited() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
DECLARE
  of_wave text;
  of_booking text;
BEGIN
  IF NOT EXISTS (SELECT FROM notice_rule r WHERE r.action = NEW.action AND r.after IN (coalesce(NEW.after, ''), '')) THEN RETURN NULL; END IF;
  IF NEW.subject_kind = 'booking' THEN
    SELECT b.wave_id, b.id INTO of_wave, of_booking FROM booking b WHERE b.id = NEW.subject_id;
  ELSIF NEW.subject_kind = 'wave' THEN
    of_wave := NEW.subject_id;
  ELSIF NEW.subject_kind = 'shipment' THEN
    SELECT s.wave_id INTO of_wave FROM shipment s WHERE s.id = NEW.subject_id;
  ELSIF NEW.subject_kind = 'migration' THEN
    SELECT m.wave_id INTO of_wave FROM migration m WHERE m.id = NEW.subject_id;
  ELSIF NEW.subject_kind = 'cutover-attempt' THEN
    SELECT m.wave_id, a.booking_id INTO of_wave, of_booking FROM cutover_attempt a JOIN migration m ON m.id = a.migration_id WHERE a.id = NEW.subject_id;
  END IF;
  IF of_booking IS NULL AND of_wave IS NOT NULL AND NEW.subject_kind <> 'shipment' THEN
    SELECT b.id INTO of_booking FROM booking b WHERE b.wave_id = of_wave AND b.status IN ('APPROVED', 'LOCKED', 'IN_PROGRESS') ORDER BY b.kind, b.starts_at DESC LIMIT 1;
  END IF;
  INSERT INTO notice (id, provider_id, tenant_id, user_id, kind, once, wave_id, booking_id, subject_id, content, next_attempt_at)
    SELECT gen_random_uuid()::text, NEW.provider_id, NEW.tenant_id, person, r.kind, r.kind || '/' || NEW.id, of_wave, of_booking, NEW.subject_id,
      json_build_object('name', left(NEW.subject_name, 200), 'actor', left(NEW.actor_name, 200), 'before', left(NEW.before, 100), 'reason', left(NEW.reason, 1000)),
      clock_timestamp() + make_interval(secs => r.gather_seconds)
    FROM notice_rule r CROSS JOIN LATERAL notice_people(r.audience, r.category, NEW.provider_id, NEW.tenant_id, NEW.subject_id) AS person
    WHERE r.action = NEW.action AND r.after IN (coalesce(NEW.after, ''), '') AND person IS DISTINCT FROM NEW.actor_id
  ON CONFLICT ON CONSTRAINT notice_once DO NOTHING;
  RETURN NULL;
END $$;

INSERT INTO notice_rule (kind, action, after, category, audience, gather_seconds) VALUES
  ('SHIPMENT_HELD', 'shipment.held', '', 'SHIPMENTS', 'SENDERS', 120),
  ('SHIPMENT_PREPARED', 'shipment.status', 'PREPARED', 'SHIPMENTS', 'SENDERS', 0),
  ('SHIPMENT_COMING', 'shipment.status', 'HANDED_OVER', 'SHIPMENTS', 'RECEIVERS', 0),
  ('SHIPMENT_CHANGED', 'shipment.days', '', 'SHIPMENTS', 'RECEIVERS', 0),
  ('SHIPMENT_CHANGED', 'shipment.correct', '', 'SHIPMENTS', 'RECEIVERS', 0),
  ('SHIPMENT_TAKEN_BACK', 'shipment.taken-back', '', 'SHIPMENTS', 'RECEIVERS', 0),
  ('SHIPMENT_LATE', 'shipment.late', '', 'SHIPMENTS', 'HANDLERS', 0),
  ('SHIPMENT_RECEIVED', 'shipment.status', 'RECEIVED', 'SHIPMENTS', 'HANDLERS', 0),
  ('SHIPMENT_NOT_RECEIVED', 'shipment.not-received', '', 'SHIPMENTS', 'SENDERS', 0),
  ('SHIPMENT_SEALS_BROKEN', 'shipment.seals-broken', '', 'SHIPMENTS', 'SENDERS', 0),
  ('SHIPMENT_REFUSED', 'shipment.refused', '', 'SHIPMENTS', 'HANDLERS', 120),
  ('SHIPMENT_DAMAGED', 'shipment.damaged', '', 'SHIPMENTS', 'HANDLERS', 120),
  ('SHIPMENT_IMPORTED', 'shipment.status', 'IMPORTED', 'SHIPMENTS', 'HANDLERS', 0),
  ('SHIPMENT_CAUGHT_UP', 'shipment.status', 'CAUGHT_UP', 'SHIPMENTS', 'HANDLERS', 0),
  ('SHIPMENT_CANCELLED', 'shipment.status', 'CANCELLED', 'SHIPMENTS', 'HANDLERS', 0);

INSERT INTO webhook_event (action, after, event_type) VALUES
  ('shipment.held', '', 'shipment.held'),
  ('shipment.days', '', 'shipment.days-changed'),
  ('shipment.correct', '', 'shipment.corrected'),
  ('shipment.taken-back', '', 'shipment.taken-back'),
  ('shipment.late', '', 'shipment.late'),
  ('shipment.not-received', '', 'shipment.not-received'),
  ('shipment.seals-broken', '', 'shipment.seals-broken'),
  ('shipment.refused', '', 'shipment.refused'),
  ('shipment.damaged', '', 'shipment.damaged');
