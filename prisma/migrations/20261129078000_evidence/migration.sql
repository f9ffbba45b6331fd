-- Evidence that is signed: what was known when a VM's or a wave's migration ended, and its signature. Both only grow.

-- What an attempt was expected to take when it began.
ALTER TABLE cutover_attempt ADD COLUMN forecast jsonb;

CREATE TABLE evidence_record (
  id text NOT NULL PRIMARY KEY,
  provider_id text NOT NULL,
  tenant_id text NOT NULL,
  wave_id text NOT NULL REFERENCES wave(id) ON DELETE RESTRICT ON UPDATE CASCADE,
  -- Null: of the whole wave.
  migration_id text REFERENCES migration(id) ON DELETE RESTRICT ON UPDATE CASCADE,
  edition integer NOT NULL,
  facts jsonb NOT NULL,
  recorded_at timestamptz(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  CONSTRAINT evidence_record_edition CHECK (edition >= 1)
);
CREATE INDEX evidence_record_migration_id ON evidence_record (migration_id, edition DESC);
CREATE INDEX evidence_record_wave_id ON evidence_record (wave_id, edition DESC);
-- Two that record the same end at once: one of them fails.
CREATE UNIQUE INDEX evidence_record_of_vm ON evidence_record (migration_id, edition) WHERE migration_id IS NOT NULL;
CREATE UNIQUE INDEX evidence_record_of_wave ON evidence_record (wave_id, edition) WHERE migration_id IS NULL;

CREATE TABLE signed_evidence (
  record_id text NOT NULL PRIMARY KEY REFERENCES evidence_record(id) ON DELETE RESTRICT ON UPDATE CASCADE,
  provider_id text NOT NULL,
  tenant_id text NOT NULL,
  payload text NOT NULL,
  signature text NOT NULL,
  public_key text NOT NULL,
  sha256 text NOT NULL,
  signed_at timestamptz(3) NOT NULL DEFAULT CURRENT_TIMESTAMP
);

DO $do$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['evidence_record', 'signed_evidence'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY web ON %I TO driftless_web USING (tenant_id = app_tenant_id() OR provider_id = app_provider_id()) WITH CHECK (tenant_id = app_tenant_id() OR provider_id = app_provider_id())', t);
    EXECUTE format('CREATE POLICY coordinator ON %I TO driftless_coordinator USING (true) WITH CHECK (true)', t);
    EXECUTE format('CREATE POLICY owner ON %I TO CURRENT_USER USING (true) WITH CHECK (true)', t);
    -- The portal serves them; who signs adds them; nobody changes one, the owner neither.
    EXECUTE format('GRANT SELECT ON %I TO driftless_web', t);
    EXECUTE format('GRANT SELECT, INSERT ON %I TO driftless_coordinator', t);
    EXECUTE format('CREATE TRIGGER only_grows BEFORE UPDATE OR DELETE ON %I FOR EACH ROW EXECUTE FUNCTION refuse_change()', t);
    EXECUTE format('CREATE TRIGGER never_emptied BEFORE TRUNCATE ON %I FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()', t);
  END LOOP;
END $do$;

-- Packs of before stay readable, and no more are written.
REVOKE INSERT, UPDATE, DELETE ON evidence_pack FROM driftless_coordinator;
