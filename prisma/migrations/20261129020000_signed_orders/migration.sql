-- Orders: what a person has decided about a VM, signed by the portal and obeyed by agents. Rows can be forged by whoever can
-- write to this table; signatures cannot: their key is not in the database.
CREATE TYPE "OrderKind" AS ENUM ('CUTOVER', 'DISCARD');
CREATE TABLE signed_order (
  id text PRIMARY KEY,
  provider_id text NOT NULL,
  tenant_id text NOT NULL,
  migration_id text NOT NULL REFERENCES migration(id) ON DELETE RESTRICT ON UPDATE CASCADE,
  -- Of a cutover: the window it was said for.
  booking_id text REFERENCES booking(id) ON DELETE RESTRICT ON UPDATE CASCADE,
  kind "OrderKind" NOT NULL,
  -- The text that was signed, to the byte.
  payload text NOT NULL,
  signature text NOT NULL,
  key_id text NOT NULL,
  created_at timestamptz(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  CONSTRAINT signed_order_booking CHECK (kind = 'CUTOVER' OR booking_id IS NULL)
);
CREATE INDEX signed_order_migration_id ON signed_order (migration_id, created_at DESC);

ALTER TABLE signed_order ENABLE ROW LEVEL SECURITY;
ALTER TABLE signed_order FORCE ROW LEVEL SECURITY;
CREATE POLICY web ON signed_order TO driftless_web USING (tenant_id = app_tenant_id() OR provider_id = app_provider_id()) WITH CHECK (tenant_id = app_tenant_id() OR provider_id = app_provider_id());
CREATE POLICY coordinator ON signed_order TO driftless_coordinator USING (true) WITH CHECK (true);
CREATE POLICY owner ON signed_order TO CURRENT_USER USING (true) WITH CHECK (true);
-- What was signed is never changed or taken back: a later order counts instead.
GRANT SELECT, INSERT ON signed_order TO driftless_web;
GRANT SELECT ON signed_order TO driftless_coordinator;

-- An agent that waits for an order, a go said again, is told at once.
CREATE TRIGGER wake_agents AFTER INSERT ON signed_order FOR EACH ROW EXECUTE FUNCTION wake_for_attempt();
