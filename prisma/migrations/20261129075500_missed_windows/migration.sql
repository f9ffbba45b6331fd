-- A window that ended without some of its wave's VMs, and the reasons of entries, which stand in a column of their own: webhooks carry both.
INSERT INTO webhook_event (action, after, event_type) VALUES ('booking.missed', '', 'booking.missed');

CREATE OR REPLACE FUNCTION deliver_audited() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
DECLARE
  event text;
  message text;
  content text;
BEGIN
  SELECT e.event_type INTO event FROM webhook_event e WHERE e.action = NEW.action AND e.after IN (NEW.after, '') ORDER BY e.after DESC LIMIT 1;
  IF event IS NULL THEN RETURN NULL; END IF;
  IF NOT EXISTS (
    SELECT FROM webhook_endpoint w WHERE w.provider_id = NEW.provider_id AND (w.tenant_id IS NULL OR w.tenant_id = NEW.tenant_id) AND w.disabled_at IS NULL AND event = ANY (w.event_types)
  ) THEN RETURN NULL; END IF;
  message := 'msg_' || replace(gen_random_uuid()::text, '-', '');
  content := json_build_object(
    'type', event,
    'timestamp', to_char(NEW.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
    'data', json_strip_nulls(json_build_object(
      'provider', (SELECT json_build_object('id', p.id, 'name', left(p.name, 200)) FROM provider p WHERE p.id = NEW.provider_id),
      'tenant', (SELECT json_build_object('id', t.id, 'name', left(t.name, 200)) FROM tenant t WHERE t.id = NEW.tenant_id),
      'subject', json_build_object('kind', NEW.subject_kind, 'id', left(NEW.subject_id, 200), 'name', left(NEW.subject_name, 200)),
      'actor', json_build_object('kind', NEW.actor_kind, 'name', left(NEW.actor_name, 200)),
      'before', left(NEW.before, 500), 'after', left(NEW.after, 500),
      'reason', left(coalesce(NEW.reason, CASE jsonb_typeof(NEW.detail->'reason') WHEN 'string' THEN NEW.detail->>'reason' END), 1000),
      'billing', CASE WHEN NEW.action IN ('billing.start', 'billing.end') THEN NEW.detail::json END
    )))::text;
  INSERT INTO webhook_delivery (id, provider_id, tenant_id, endpoint_id, message_id, event_type, payload)
    SELECT gen_random_uuid()::text, w.provider_id, w.tenant_id, w.id, message, event, content FROM webhook_endpoint w
    WHERE w.provider_id = NEW.provider_id AND (w.tenant_id IS NULL OR w.tenant_id = NEW.tenant_id) AND w.disabled_at IS NULL AND event = ANY (w.event_types);
  RETURN NULL;
END $$;
