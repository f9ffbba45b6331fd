-- Test boots: a VM booted at the target from one moment of its replica, apart from every network, while replication goes on.
CREATE TYPE "TestBootStatus" AS ENUM ('STARTING', 'MARKING', 'BOOTING', 'HEALTHY', 'BROKEN', 'ENDING', 'ENDED');
CREATE TABLE test_boot (
  id text PRIMARY KEY,
  provider_id text NOT NULL,
  tenant_id text NOT NULL,
  migration_id text NOT NULL REFERENCES migration(id) ON DELETE RESTRICT ON UPDATE CASCADE,
  status "TestBootStatus" NOT NULL DEFAULT 'STARTING',
  status_changed_at timestamptz(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  started_by_id text,
  started_by_name text NOT NULL,
  started_at timestamptz(3) NOT NULL,
  expires_at timestamptz(3) NOT NULL,
  point_moment bigint,
  point_at timestamptz(3),
  held_ms double precision,
  acknowledged_sequence bigint,
  detail text,
  outcome "TestBootStatus",
  end_reason text,
  ended_at timestamptz(3),
  CONSTRAINT test_boot_outcome CHECK (outcome IN ('HEALTHY', 'BROKEN'))
);
CREATE INDEX test_boot_migration_id ON test_boot (migration_id, started_at DESC);
CREATE UNIQUE INDEX test_boot_one_at_a_time ON test_boot (migration_id) WHERE status <> 'ENDED';

ALTER TABLE test_boot ENABLE ROW LEVEL SECURITY;
ALTER TABLE test_boot FORCE ROW LEVEL SECURITY;
CREATE POLICY web ON test_boot TO driftless_web USING (tenant_id = app_tenant_id() OR provider_id = app_provider_id()) WITH CHECK (tenant_id = app_tenant_id() OR provider_id = app_provider_id());
CREATE POLICY coordinator ON test_boot TO driftless_coordinator USING (true) WITH CHECK (true);
CREATE POLICY owner ON test_boot TO CURRENT_USER USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE ON test_boot TO driftless_web;
GRANT SELECT, INSERT, UPDATE, DELETE ON test_boot TO driftless_coordinator;

CREATE TRIGGER wake_agents AFTER INSERT OR UPDATE OF status ON test_boot FOR EACH ROW EXECUTE FUNCTION wake_for_attempt();
