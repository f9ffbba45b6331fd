-- After the cutover: the validation period, its end, and a VM that goes home.

ALTER TYPE "OrderKind" ADD VALUE 'RETURN';
CREATE TYPE "ReturnStatus" AS ENUM ('HANDING_BACK', 'PROVING', 'REMOVING_SHADOW', 'STARTING_SOURCE', 'RETURNED', 'CALLED_OFF');

-- A person's word that the VM is accepted; the coordinator acts on it.
ALTER TABLE migration
  ADD COLUMN accept_asked_at timestamptz(3),
  ADD COLUMN accept_asked_by_id text;

-- What was seen when the attempt was COMMITTED, for the evidence: agents forget it while the VM is validated.
ALTER TABLE cutover_attempt ADD COLUMN proof jsonb;

-- A return that the go has agreed on for the end of the validation period is signed for that window.
ALTER TABLE signed_order DROP CONSTRAINT signed_order_booking;
ALTER TABLE signed_order ADD CONSTRAINT signed_order_booking CHECK (kind <> 'DISCARD' OR booking_id IS NULL);

CREATE TABLE vm_return (
  id text PRIMARY KEY,
  provider_id text NOT NULL,
  tenant_id text NOT NULL,
  migration_id text NOT NULL REFERENCES migration(id) ON DELETE RESTRICT ON UPDATE CASCADE,
  -- The cutover attempt that is taken back.
  attempt integer NOT NULL,
  status "ReturnStatus" NOT NULL,
  status_changed_at timestamptz(3) NOT NULL,
  reached_at jsonb NOT NULL,
  -- What the VM wrote at the target comes with it; false: it is lost.
  way_back boolean NOT NULL,
  -- The validation period ended and this was agreed on; false: a person decided.
  by_default boolean NOT NULL,
  order_id text REFERENCES signed_order(id) ON DELETE RESTRICT ON UPDATE CASCADE,
  reason text NOT NULL,
  asked_by_id text,
  asked_by_name text NOT NULL,
  asked_at timestamptz(3) NOT NULL,
  source_hashes jsonb,
  target_hashes jsonb,
  failure_code text,
  failure_message text,
  CONSTRAINT vm_return_bounds CHECK (length(reason) <= 500)
);
CREATE INDEX vm_return_migration_id ON vm_return (migration_id, asked_at DESC);
CREATE UNIQUE INDEX vm_return_one_at_a_time ON vm_return (migration_id) WHERE status NOT IN ('RETURNED', 'CALLED_OFF');

ALTER TABLE vm_return ENABLE ROW LEVEL SECURITY;
ALTER TABLE vm_return FORCE ROW LEVEL SECURITY;
CREATE POLICY web ON vm_return TO driftless_web USING (tenant_id = app_tenant_id() OR provider_id = app_provider_id()) WITH CHECK (tenant_id = app_tenant_id() OR provider_id = app_provider_id());
CREATE POLICY coordinator ON vm_return TO driftless_coordinator USING (true) WITH CHECK (true);
CREATE POLICY owner ON vm_return TO CURRENT_USER USING (true) WITH CHECK (true);
-- The portal begins a return; how it goes on the coordinator alone writes.
GRANT SELECT, INSERT ON vm_return TO driftless_web;
GRANT SELECT, INSERT, UPDATE ON vm_return TO driftless_coordinator;

CREATE TRIGGER wake_agents AFTER INSERT OR UPDATE OF status ON vm_return FOR EACH ROW EXECUTE FUNCTION wake_for_attempt();

INSERT INTO webhook_event (action, after, event_type) VALUES
  ('migration.validating', '', 'migration.validating'),
  ('migration.accept', '', 'migration.accepted'),
  ('migration.returned', '', 'migration.returned'),
  ('return.begin', '', 'migration.returning'),
  ('return.status', 'CALLED_OFF', 'migration.return-called-off');
