-- Outgoing webhooks. What the audit log gains is turned, in the same transaction, into one delivery for each endpoint
-- that asked for it: none is lost with a change that was made, none exists for a change that was not.

CREATE TYPE "WebhookDeliveryStatus" AS ENUM ('PENDING', 'DELIVERED', 'FAILED');

CREATE TABLE webhook_endpoint (
  id text NOT NULL PRIMARY KEY,
  provider_id text NOT NULL,
  tenant_id text,
  name text NOT NULL,
  url text NOT NULL,
  event_types text[] NOT NULL,
  disabled_at timestamptz(3),
  disabled_reason text,
  failing_since timestamptz(3),
  created_by_id text NOT NULL,
  created_at timestamptz(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  CONSTRAINT webhook_endpoint_bounds CHECK (length(url) <= 2000 AND length(name) <= 60 AND cardinality(event_types) <= 100)
);

-- One signs until it ends; after a rotation the one before signs beside it for a while.
CREATE TABLE webhook_secret (
  id text NOT NULL PRIMARY KEY,
  provider_id text NOT NULL,
  tenant_id text,
  endpoint_id text NOT NULL,
  sealed text NOT NULL,
  created_at timestamptz(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  expires_at timestamptz(3)
);

CREATE TABLE webhook_delivery (
  id text NOT NULL PRIMARY KEY,
  provider_id text NOT NULL,
  tenant_id text,
  endpoint_id text NOT NULL,
  message_id text NOT NULL,
  event_type text NOT NULL,
  payload text NOT NULL,
  status "WebhookDeliveryStatus" NOT NULL DEFAULT 'PENDING',
  attempts integer NOT NULL DEFAULT 0,
  next_attempt_at timestamptz(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  claimed_until timestamptz(3),
  last_status integer,
  last_error text,
  last_duration_ms integer,
  last_answer text,
  last_attempt_at timestamptz(3),
  delivered_at timestamptz(3),
  redelivery_of text,
  created_at timestamptz(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  CONSTRAINT webhook_delivery_bounds CHECK (length(payload) <= 60000 AND length(last_answer) <= 2000)
);

ALTER TABLE webhook_secret ADD CONSTRAINT webhook_secret_endpoint_id_fkey FOREIGN KEY (endpoint_id) REFERENCES webhook_endpoint(id) ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE webhook_delivery ADD CONSTRAINT webhook_delivery_endpoint_id_fkey FOREIGN KEY (endpoint_id) REFERENCES webhook_endpoint(id) ON DELETE CASCADE ON UPDATE CASCADE;

CREATE INDEX webhook_endpoint_owner ON webhook_endpoint (provider_id, tenant_id);
CREATE INDEX webhook_secret_endpoint ON webhook_secret (endpoint_id);
CREATE INDEX webhook_delivery_log ON webhook_delivery (endpoint_id, created_at DESC, id DESC);
CREATE INDEX webhook_delivery_due ON webhook_delivery (endpoint_id, next_attempt_at) WHERE status = 'PENDING';
CREATE INDEX webhook_delivery_over ON webhook_delivery (created_at) WHERE status <> 'PENDING';

DO $do$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['webhook_endpoint', 'webhook_secret', 'webhook_delivery'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY web ON %I TO driftless_web USING (tenant_id = app_tenant_id() OR provider_id = app_provider_id()) WITH CHECK (tenant_id = app_tenant_id() OR provider_id = app_provider_id())', t);
    EXECUTE format('CREATE POLICY coordinator ON %I TO driftless_coordinator USING (true) WITH CHECK (true)', t);
    EXECUTE format('CREATE POLICY owner ON %I TO CURRENT_USER USING (true) WITH CHECK (true)', t);
  END LOOP;
END $do$;

-- The portal writes a secret and never reads it again, sealed or not. Of a delivery it sets what is still to come; how
-- attempts ended the coordinator alone writes.
GRANT SELECT, INSERT, DELETE ON webhook_endpoint TO driftless_web;
GRANT UPDATE (name, url, event_types, disabled_at, disabled_reason, failing_since) ON webhook_endpoint TO driftless_web;
GRANT INSERT, SELECT (id, provider_id, tenant_id, endpoint_id, created_at, expires_at) ON webhook_secret TO driftless_web;
GRANT UPDATE (expires_at) ON webhook_secret TO driftless_web;
GRANT SELECT, INSERT, UPDATE (next_attempt_at, status, last_error) ON webhook_delivery TO driftless_web;
GRANT SELECT, UPDATE (disabled_at, disabled_reason, failing_since) ON webhook_endpoint TO driftless_coordinator;
GRANT SELECT ON webhook_secret TO driftless_coordinator;
GRANT SELECT, UPDATE, DELETE ON webhook_delivery TO driftless_coordinator;

-- Which entries of the audit log are events, as packages/domain/src/webhooks/events.ts has it (a test holds the two against
-- each other). `after`: the state that was reached; empty: any.
CREATE TABLE webhook_event (
  action text NOT NULL,
  after text NOT NULL DEFAULT '',
  event_type text NOT NULL,
  CONSTRAINT webhook_event_pkey PRIMARY KEY (action, after)
);
INSERT INTO webhook_event (action, after, event_type) VALUES
  ('wave.plan', '', 'wave.planned'),
  ('wave.start', '', 'wave.started'),
  ('wave.pause', '', 'wave.paused'),
  ('wave.resume', '', 'wave.resumed'),
  ('wave.go', '', 'wave.go'),
  ('wave.no-go', '', 'wave.no-go'),
  ('migration.status', 'REPLICATING', 'migration.replicating'),
  ('migration.status', 'READY_FOR_CUTOVER', 'migration.ready'),
  ('migration.status', 'BLOCKED', 'migration.blocked'),
  ('migration.status', 'CUTTING_OVER', 'migration.cutting-over'),
  ('migration.status', 'COMPLETED', 'migration.completed'),
  ('migration.status', 'ROLLED_BACK', 'migration.rolled-back'),
  ('migration.status', 'FAILED', 'migration.failed'),
  ('migration.status', 'CANCELLED', 'migration.cancelled'),
  ('cutover.status', 'SOURCE_OFF', 'cutover.source-off'),
  ('cutover.status', 'COMMITTED', 'cutover.committed'),
  ('cutover.status', 'ROLLED_BACK', 'cutover.rolled-back'),
  ('cutover.source-returned', '', 'cutover.source-returned'),
  ('test.status', 'HEALTHY', 'test-boot.healthy'),
  ('test.status', 'BROKEN', 'test-boot.broken'),
  ('booking.request', '', 'booking.requested'),
  ('booking.withdraw', '', 'booking.withdrawn'),
  ('booking.approve', '', 'booking.approved'),
  ('booking.reject', '', 'booking.rejected'),
  ('booking.status', 'IN_PROGRESS', 'booking.opened'),
  ('booking.status', 'DONE', 'booking.done'),
  ('booking.status', 'EXPIRED', 'booking.expired'),
  ('billing.start', '', 'billing.started'),
  ('estimate.start', '', 'estimate.started'),
  ('estimate.end', '', 'estimate.ended'),
  ('vm.notice', '', 'vm.notice'),
  ('agent.enrol', '', 'agent.enrolled'),
  ('agent.enrol-again', '', 'agent.enrolled-again'),
  ('agent.quarantine', '', 'agent.quarantined'),
  ('agent.revoke', '', 'agent.revoked');

-- Written by the database itself, so no writer of an entry can forget it: the tenant's endpoints hear of the tenant's
-- entries, the provider's own of all of that provider. Particulars (`detail`) stay in the log; a reason goes along.
CREATE FUNCTION deliver_audited() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
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
      'reason', CASE jsonb_typeof(NEW.detail->'reason') WHEN 'string' THEN left(NEW.detail->>'reason', 1000) END
    )))::text;
  INSERT INTO webhook_delivery (id, provider_id, tenant_id, endpoint_id, message_id, event_type, payload)
    SELECT gen_random_uuid()::text, w.provider_id, w.tenant_id, w.id, message, event, content FROM webhook_endpoint w
    WHERE w.provider_id = NEW.provider_id AND (w.tenant_id IS NULL OR w.tenant_id = NEW.tenant_id) AND w.disabled_at IS NULL AND event = ANY (w.event_types);
  RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION deliver_audited() FROM PUBLIC;
CREATE TRIGGER deliver_audited AFTER INSERT ON audit_entry FOR EACH ROW EXECUTE FUNCTION deliver_audited();

-- Coordinators hear of what is due at the commit (channel webhook_due); what was due while none listened they find by asking.
CREATE FUNCTION wake_for_delivery() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_notify('webhook_due', ''); RETURN NULL; END $$;
CREATE TRIGGER wake_new AFTER INSERT ON webhook_delivery FOR EACH ROW EXECUTE FUNCTION wake_for_delivery();
CREATE TRIGGER wake_sooner AFTER UPDATE OF next_attempt_at ON webhook_delivery FOR EACH ROW
  WHEN (NEW.status = 'PENDING' AND NEW.next_attempt_at < OLD.next_attempt_at) EXECUTE FUNCTION wake_for_delivery();
