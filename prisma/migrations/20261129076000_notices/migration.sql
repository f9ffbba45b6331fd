-- Whom events reach. One row for each mail to each person, written in the transaction of what it is about: none is lost with a change
-- that was made, none exists for a change that was not. The coordinator sends them.

CREATE TYPE "NoticeStatus" AS ENUM ('PENDING', 'SENT', 'FAILED', 'VOID');

CREATE TABLE notice (
  id text NOT NULL PRIMARY KEY,
  provider_id text NOT NULL,
  tenant_id text,
  user_id text NOT NULL,
  kind text NOT NULL,
  once text NOT NULL,
  wave_id text,
  booking_id text,
  subject_id text,
  content jsonb NOT NULL,
  status "NoticeStatus" NOT NULL DEFAULT 'PENDING',
  attempts integer NOT NULL DEFAULT 0,
  next_attempt_at timestamptz(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  claimed_until timestamptz(3),
  sent_at timestamptz(3),
  last_error text,
  created_at timestamptz(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  -- Whatever happens twice is written to nobody twice.
  CONSTRAINT notice_once UNIQUE (user_id, once),
  CONSTRAINT notice_bounds CHECK (pg_column_size(content) <= 8000 AND length(last_error) <= 500)
);
CREATE INDEX notice_due ON notice (next_attempt_at) WHERE status = 'PENDING';
CREATE INDEX notice_over ON notice (created_at) WHERE status <> 'PENDING';
CREATE INDEX notice_booking ON notice (booking_id, kind);

-- What a person does not want to be written about; no row: they get all that concerns them.
CREATE TABLE notice_choice (
  user_id text NOT NULL PRIMARY KEY,
  provider_id text NOT NULL,
  tenant_id text,
  muted text[] NOT NULL,
  CONSTRAINT notice_choice_bounds CHECK (cardinality(muted) <= 20)
);
ALTER TABLE notice_choice ADD CONSTRAINT notice_choice_user_id_fkey FOREIGN KEY (user_id) REFERENCES portal_user(id) ON DELETE CASCADE ON UPDATE CASCADE;

-- A calendar that a person's own programs read at a secret address; of the address only a hash is kept.
CREATE TABLE calendar_feed (
  user_id text NOT NULL PRIMARY KEY,
  provider_id text NOT NULL,
  tenant_id text,
  token_hash text NOT NULL,
  created_at timestamptz(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  CONSTRAINT calendar_feed_token_hash_key UNIQUE (token_hash)
);
ALTER TABLE calendar_feed ADD CONSTRAINT calendar_feed_user_id_fkey FOREIGN KEY (user_id) REFERENCES portal_user(id) ON DELETE CASCADE ON UPDATE CASCADE;

DO $do$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['notice', 'notice_choice', 'calendar_feed'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY web ON %I TO driftless_web USING (user_id = app_user_id() AND (tenant_id = app_tenant_id() OR provider_id = app_provider_id())) WITH CHECK (user_id = app_user_id() AND (tenant_id = app_tenant_id() OR provider_id = app_provider_id()))', t);
    EXECUTE format('CREATE POLICY coordinator ON %I TO driftless_coordinator USING (true) WITH CHECK (true)', t);
    EXECUTE format('CREATE POLICY owner ON %I TO CURRENT_USER USING (true) WITH CHECK (true)', t);
  END LOOP;
END $do$;

-- The portal shows people what was sent to them and writes no mail: what writes them is below, and what sends them is the coordinator.
GRANT SELECT (id, provider_id, tenant_id, user_id, kind, status, created_at, sent_at) ON notice TO driftless_web;
GRANT SELECT, UPDATE (status, attempts, next_attempt_at, claimed_until, sent_at, last_error), DELETE ON notice TO driftless_coordinator;
GRANT SELECT ON notice_choice TO driftless_coordinator;
GRANT SELECT, INSERT, UPDATE (muted) ON notice_choice TO driftless_web;
GRANT SELECT (user_id, provider_id, tenant_id, created_at), INSERT, DELETE ON calendar_feed TO driftless_web;

-- Whose calendar an address is; nobody's once its person is shut out.
CREATE FUNCTION find_calendar_feed(sought text)
RETURNS TABLE (id text, email text, name text, role "UserRole", tenant_id text, provider_id text, locale text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS
  $$ SELECT u.id, u.email, u.name, u.role, u.tenant_id, u.provider_id, u.locale
     FROM calendar_feed f JOIN portal_user u ON u.id = f.user_id WHERE f.token_hash = sought AND u.deactivated_at IS NULL $$;
REVOKE ALL ON FUNCTION find_calendar_feed(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION find_calendar_feed(text) TO driftless_web;

-- Which entries of the audit log somebody is written about, as packages/domain/src/notices/mails.ts has it (a test holds the two against
-- each other). `after`: the state that was reached; empty: any.
CREATE TABLE notice_rule (
  action text NOT NULL,
  after text NOT NULL DEFAULT '',
  kind text NOT NULL,
  category text NOT NULL,
  audience text NOT NULL,
  gather_seconds integer NOT NULL DEFAULT 0,
  CONSTRAINT notice_rule_pkey PRIMARY KEY (action, after, kind)
);
INSERT INTO notice_rule (kind, action, after, category, audience, gather_seconds) VALUES
  ('WINDOW_REQUESTED', 'booking.request', '', 'WINDOWS', 'SCHEDULERS', 0),
  ('WINDOW_WITHDRAWN', 'booking.withdraw', '', 'WINDOWS', 'SCHEDULERS', 0),
  ('OFFER_ACCEPTED', 'booking.accept', '', 'WINDOWS', 'SCHEDULERS', 0),
  ('WINDOW_OFFERED', 'booking.offer', '', 'WINDOWS', 'OPERATORS', 0),
  ('WINDOW_APPROVED', 'booking.approve', '', 'WINDOWS', 'OPERATORS', 0),
  ('WINDOW_REFUSED', 'booking.reject', '', 'WINDOWS', 'OPERATORS', 0),
  ('WINDOW_EXPIRED', 'booking.status', 'EXPIRED', 'WINDOWS', 'OPERATORS', 0),
  ('WINDOW_MISSED', 'booking.missed', '', 'WINDOWS', 'OPERATORS', 0),
  ('GO_WANTED', 'booking.approve', '', 'APPROVALS', 'APPROVERS', 0),
  ('GO_WANTED', 'booking.accept', '', 'APPROVALS', 'APPROVERS', 0),
  ('PLAN_CHANGED', 'wave.change-plan', '', 'APPROVALS', 'APPROVERS', 0),
  ('GO_SAID', 'wave.go', '', 'APPROVALS', 'OPERATORS', 0),
  ('NO_GO_SAID', 'wave.no-go', '', 'APPROVALS', 'OPERATORS', 0),
  ('VMS_TO_ACCEPT', 'migration.validating', '', 'CUTOVERS', 'ACCEPTERS', 120),
  ('CUTOVER_TAKEN_BACK', 'cutover.status', 'ROLLED_BACK', 'CUTOVERS', 'OPERATORS', 120),
  ('VMS_COMPLETED', 'migration.status', 'COMPLETED', 'CUTOVERS', 'OPERATORS', 120),
  ('ESTIMATE_ENDED', 'estimate.end', 'DONE', 'ESTIMATES', 'CREATOR', 0);

-- Who is written to: people of this customer, or of its provider, who are not shut out and did not choose otherwise.
CREATE FUNCTION notice_people(audience text, category text, of_provider text, of_tenant text, of_subject text) RETURNS SETOF text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS $$
  SELECT u.id FROM portal_user u
  WHERE u.provider_id = of_provider AND u.deactivated_at IS NULL
    AND NOT EXISTS (SELECT FROM notice_choice c WHERE c.user_id = u.id AND notice_people.category = ANY (c.muted))
    AND CASE
      WHEN u.tenant_id IS NULL THEN (audience = 'SCHEDULERS' AND u.role IN ('PROVIDER_SCHEDULER', 'PROVIDER_ADMIN')) OR (audience = 'PARTIES' AND u.role = 'PROVIDER_SCHEDULER')
      WHEN u.tenant_id IS DISTINCT FROM of_tenant THEN false
      ELSE (audience IN ('OPERATORS', 'PARTIES') AND u.role = 'CUSTOMER_OPERATOR')
        OR (audience = 'ACCEPTERS' AND u.role = 'CUSTOMER_APPROVER')
        OR (audience IN ('APPROVERS', 'PARTIES') AND coalesce((SELECT u.role = ANY (a.roles) OR u.id = ANY (a.person_ids) FROM approval_policy a WHERE a.tenant_id = of_tenant), u.role = 'CUSTOMER_APPROVER'))
        OR (audience = 'CREATOR' AND EXISTS (SELECT FROM estimate e WHERE e.id = of_subject AND e.created_by_id = u.id))
    END
$$;
REVOKE ALL ON FUNCTION notice_people(text, text, text, text, text) FROM PUBLIC;

-- Written by the database itself, so no writer of an entry can forget it. Whoever did it knows; particulars are read when it is sent.
CREATE FUNCTION notify_audited() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
DECLARE
  of_wave text;
  of_booking text;
BEGIN
  IF NOT EXISTS (SELECT FROM notice_rule r WHERE r.action = NEW.action AND r.after IN (coalesce(NEW.after, ''), '')) THEN RETURN NULL; END IF;
  IF NEW.subject_kind = 'booking' THEN
    SELECT b.wave_id, b.id INTO of_wave, of_booking FROM booking b WHERE b.id = NEW.subject_id;
  ELSIF NEW.subject_kind = 'wave' THEN
    of_wave := NEW.subject_id;
  ELSIF NEW.subject_kind = 'migration' THEN
    SELECT m.wave_id INTO of_wave FROM migration m WHERE m.id = NEW.subject_id;
  ELSIF NEW.subject_kind = 'cutover-attempt' THEN
    SELECT m.wave_id, a.booking_id INTO of_wave, of_booking FROM cutover_attempt a JOIN migration m ON m.id = a.migration_id WHERE a.id = NEW.subject_id;
  END IF;
  IF of_booking IS NULL AND of_wave IS NOT NULL THEN
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
REVOKE ALL ON FUNCTION notify_audited() FROM PUBLIC;
CREATE TRIGGER notify_audited AFTER INSERT ON audit_entry FOR EACH ROW EXECUTE FUNCTION notify_audited();

-- A window that is agreed on stands in calendars, and is reminded of a day and an hour before; one that moved is written anew, one that is
-- not to be any more is taken back from whoever was told. Whether a reminder still fits is judged when it is sent.
CREATE FUNCTION notify_booked() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
DECLARE
  agreed boolean := NEW.status IN ('APPROVED', 'LOCKED', 'IN_PROGRESS');
  was_agreed boolean := TG_OP = 'UPDATE' AND OLD.status IN ('APPROVED', 'LOCKED', 'IN_PROGRESS');
BEGIN
  IF agreed AND (NOT was_agreed OR (OLD.starts_at, OLD.ends_at) IS DISTINCT FROM (NEW.starts_at, NEW.ends_at)) THEN
    INSERT INTO notice (id, provider_id, tenant_id, user_id, kind, once, wave_id, booking_id, content)
      SELECT gen_random_uuid()::text, NEW.provider_id, NEW.tenant_id, person, 'INVITATION', 'INVITATION/' || NEW.id || '/' || NEW.revision, NEW.wave_id, NEW.id, json_build_object('revision', NEW.revision)
      FROM notice_people('PARTIES', 'CALENDAR', NEW.provider_id, NEW.tenant_id, NULL) AS person
    ON CONFLICT ON CONSTRAINT notice_once DO NOTHING;
    INSERT INTO notice (id, provider_id, tenant_id, user_id, kind, once, wave_id, booking_id, content, next_attempt_at)
      SELECT gen_random_uuid()::text, NEW.provider_id, NEW.tenant_id, person, r.kind, r.kind || '/' || NEW.id || '/' || extract(epoch FROM NEW.starts_at), NEW.wave_id, NEW.id,
        json_build_object('startsAtMs', round(extract(epoch FROM NEW.starts_at) * 1000)), NEW.starts_at - r.before
      FROM (VALUES ('REMINDER_DAY', interval '1 day'), ('REMINDER_HOUR', interval '1 hour')) AS r(kind, before)
        CROSS JOIN LATERAL notice_people('PARTIES', 'REMINDERS', NEW.provider_id, NEW.tenant_id, NULL) AS person
      WHERE NEW.starts_at - r.before > clock_timestamp()
    ON CONFLICT ON CONSTRAINT notice_once DO NOTHING;
  ELSIF was_agreed AND NEW.status IN ('REJECTED', 'EXPIRED', 'WITHDRAWN') THEN
    INSERT INTO notice (id, provider_id, tenant_id, user_id, kind, once, wave_id, booking_id, content)
      SELECT DISTINCT ON (n.user_id) gen_random_uuid()::text, NEW.provider_id, NEW.tenant_id, n.user_id, 'CANCELLATION', 'CANCELLATION/' || NEW.id || '/' || NEW.revision, NEW.wave_id, NEW.id, json_build_object('revision', NEW.revision)::jsonb
      FROM notice n WHERE n.booking_id = NEW.id AND n.kind = 'INVITATION' AND n.status IN ('PENDING', 'SENT')
    ON CONFLICT ON CONSTRAINT notice_once DO NOTHING;
  END IF;
  RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION notify_booked() FROM PUBLIC;
CREATE TRIGGER notify_booked AFTER INSERT OR UPDATE OF status, starts_at, ends_at ON booking FOR EACH ROW EXECUTE FUNCTION notify_booked();

-- A wave that whoever has a link may look at, until it ends; of the link only a hash is kept.
CREATE TABLE wave_link (
  id text NOT NULL PRIMARY KEY,
  provider_id text NOT NULL,
  tenant_id text NOT NULL,
  wave_id text NOT NULL,
  token_hash text NOT NULL,
  created_by_id text NOT NULL,
  created_at timestamptz(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  expires_at timestamptz(3) NOT NULL,
  ended_at timestamptz(3),
  CONSTRAINT wave_link_token_hash_key UNIQUE (token_hash)
);
ALTER TABLE wave_link ADD CONSTRAINT wave_link_wave_id_fkey FOREIGN KEY (wave_id) REFERENCES wave(id) ON DELETE CASCADE ON UPDATE CASCADE;
CREATE INDEX wave_link_wave ON wave_link (wave_id, created_at DESC);
ALTER TABLE wave_link ENABLE ROW LEVEL SECURITY;
ALTER TABLE wave_link FORCE ROW LEVEL SECURITY;
CREATE POLICY web ON wave_link TO driftless_web USING (tenant_id = app_tenant_id() OR provider_id = app_provider_id()) WITH CHECK (tenant_id = app_tenant_id() OR provider_id = app_provider_id());
CREATE POLICY coordinator ON wave_link TO driftless_coordinator USING (true) WITH CHECK (true);
CREATE POLICY owner ON wave_link TO CURRENT_USER USING (true) WITH CHECK (true);
GRANT SELECT (id, provider_id, tenant_id, wave_id, created_by_id, created_at, expires_at, ended_at), INSERT, UPDATE (ended_at) ON wave_link TO driftless_web;

CREATE FUNCTION find_wave_link(sought text) RETURNS TABLE (wave_id text, tenant_id text, expires_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS
  $$ SELECT l.wave_id, l.tenant_id, l.expires_at FROM wave_link l WHERE l.token_hash = sought AND l.ended_at IS NULL AND l.expires_at > clock_timestamp() $$;
REVOKE ALL ON FUNCTION find_wave_link(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION find_wave_link(text) TO driftless_web;

-- Webhooks for channels of people: the same events, written as Slack or Teams shows them, in this language.
CREATE TYPE "WebhookFormat" AS ENUM ('STANDARD', 'SLACK', 'TEAMS');
ALTER TABLE webhook_endpoint ADD COLUMN format "WebhookFormat" NOT NULL DEFAULT 'STANDARD', ADD COLUMN language text NOT NULL DEFAULT 'en';
GRANT UPDATE (format, language) ON webhook_endpoint TO driftless_web;

-- Coordinators hear of what is due at the commit (channel notice_due); what the time makes due they find by asking.
CREATE FUNCTION wake_for_notice() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_notify('notice_due', ''); RETURN NULL; END $$;
CREATE TRIGGER wake_new AFTER INSERT ON notice FOR EACH STATEMENT EXECUTE FUNCTION wake_for_notice();
