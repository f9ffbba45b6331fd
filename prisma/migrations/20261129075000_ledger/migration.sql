-- The billing ledger, which only grows, in place of one row a migration.

CREATE TYPE "BillingEntryKind" AS ENUM ('SOURCE_ENDED', 'TARGET_STARTED', 'TARGET_ENDED');

CREATE TABLE billing_entry (
  id text NOT NULL PRIMARY KEY,
  provider_id text NOT NULL,
  tenant_id text NOT NULL,
  migration_id text NOT NULL,
  kind "BillingEntryKind" NOT NULL,
  stay integer NOT NULL,
  at timestamptz(3) NOT NULL,
  recorded_at timestamptz(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  vm_name text NOT NULL,
  wave_name text NOT NULL,
  cpus integer NOT NULL,
  memory_mib bigint NOT NULL,
  disk_mib bigint NOT NULL,
  CONSTRAINT billing_entry_amounts CHECK (stay >= 1 AND cpus >= 0 AND memory_mib >= 0 AND disk_mib >= 0)
);
ALTER TABLE billing_entry ADD CONSTRAINT billing_entry_migration_id_fkey FOREIGN KEY (migration_id) REFERENCES migration(id) ON DELETE RESTRICT ON UPDATE CASCADE;
-- What is said twice, by whomever and however late, is billed once.
CREATE UNIQUE INDEX billing_entry_migration_id_kind_stay_key ON billing_entry (migration_id, kind, stay);
CREATE INDEX billing_entry_tenant ON billing_entry (tenant_id, recorded_at);

DO $do$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['billing_entry'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY web ON %I TO driftless_web USING (tenant_id = app_tenant_id() OR provider_id = app_provider_id()) WITH CHECK (tenant_id = app_tenant_id() OR provider_id = app_provider_id())', t);
    EXECUTE format('CREATE POLICY coordinator ON %I TO driftless_coordinator USING (true) WITH CHECK (true)', t);
    EXECUTE format('CREATE POLICY owner ON %I TO CURRENT_USER USING (true) WITH CHECK (true)', t);
  END LOOP;
END $do$;

-- Nobody changes it: the portal reads, the coordinator adds.
GRANT SELECT ON billing_entry TO driftless_web;
GRANT SELECT, INSERT ON billing_entry TO driftless_coordinator;

-- What billing started before the ledger was there; heard of when it happened, so that no month already reported changes.
INSERT INTO billing_entry (id, provider_id, tenant_id, migration_id, kind, stay, at, recorded_at, vm_name, wave_name, cpus, memory_mib, disk_mib)
  SELECT gen_random_uuid()::text, b.provider_id, b.tenant_id, b.migration_id, k.kind,
    coalesce((SELECT max(a.number) FROM cutover_attempt a WHERE a.migration_id = b.migration_id AND a.status = 'COMMITTED'), 1),
    b.accepted_at, b.accepted_at, b.vm_name, w.name, b.cpus, ceil(b.memory_bytes / 1048576.0)::bigint, ceil(b.disk_bytes / 1048576.0)::bigint
  FROM billing_start b JOIN migration m ON m.id = b.migration_id JOIN wave w ON w.id = m.wave_id
    CROSS JOIN unnest(ARRAY['SOURCE_ENDED', 'TARGET_STARTED']::"BillingEntryKind"[]) AS k (kind);
DROP TABLE billing_start;

-- The owner too only adds: a statement once sent can always be made again.
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION '% only grows: % is refused.', TG_TABLE_NAME, TG_OP USING ERRCODE = 'insufficient_privilege'; END $$;
CREATE TRIGGER only_grows BEFORE UPDATE OR DELETE ON billing_entry FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER never_emptied BEFORE TRUNCATE ON billing_entry FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

INSERT INTO webhook_event (action, after, event_type) VALUES ('billing.end', '', 'billing.ended');

-- As before; and what bills are made of goes along with the events that are about them. Other particulars stay in the log.
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
      'reason', CASE jsonb_typeof(NEW.detail->'reason') WHEN 'string' THEN left(NEW.detail->>'reason', 1000) END,
      'billing', CASE WHEN NEW.action IN ('billing.start', 'billing.end') THEN NEW.detail::json END
    )))::text;
  INSERT INTO webhook_delivery (id, provider_id, tenant_id, endpoint_id, message_id, event_type, payload)
    SELECT gen_random_uuid()::text, w.provider_id, w.tenant_id, w.id, message, event, content FROM webhook_endpoint w
    WHERE w.provider_id = NEW.provider_id AND (w.tenant_id IS NULL OR w.tenant_id = NEW.tenant_id) AND w.disabled_at IS NULL AND event = ANY (w.event_types);
  RETURN NULL;
END $$;
