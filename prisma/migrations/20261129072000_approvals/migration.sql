-- Approvals: each customer's rule of who must say go, and each word bound to the plan that it was said about.

CREATE TABLE approval_policy (
  tenant_id text NOT NULL PRIMARY KEY,
  provider_id text NOT NULL,
  roles "UserRole"[] NOT NULL,
  person_ids text[] NOT NULL,
  needed integer NOT NULL,
  own_request boolean NOT NULL,
  wait_minutes integer NOT NULL,
  expires_hours integer,
  tests_need_go boolean NOT NULL,
  changed_at timestamptz(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  CONSTRAINT approval_policy_bounds CHECK (needed BETWEEN 1 AND 5 AND wait_minutes BETWEEN 0 AND 10080 AND expires_hours BETWEEN 1 AND 8760 AND cardinality(roles) <= 7 AND cardinality(person_ids) <= 50)
);
ALTER TABLE approval_policy ADD CONSTRAINT approval_policy_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenant(id) ON DELETE RESTRICT ON UPDATE CASCADE;

ALTER TABLE approval_policy ENABLE ROW LEVEL SECURITY;
ALTER TABLE approval_policy FORCE ROW LEVEL SECURITY;
-- A customer's transaction reads the rule and cannot write it: nobody loosens what binds them.
CREATE POLICY web ON approval_policy TO driftless_web USING (tenant_id = app_tenant_id() OR provider_id = app_provider_id()) WITH CHECK (provider_id = app_provider_id());
CREATE POLICY coordinator ON approval_policy TO driftless_coordinator USING (true) WITH CHECK (true);
CREATE POLICY owner ON approval_policy TO CURRENT_USER USING (true) WITH CHECK (true);
GRANT SELECT, INSERT ON approval_policy TO driftless_web;
GRANT UPDATE (roles, person_ids, needed, own_request, wait_minutes, expires_hours, tests_need_go, changed_at) ON approval_policy TO driftless_web;
GRANT SELECT ON approval_policy TO driftless_coordinator;

-- What was said, about which plan: its hash, and the plan itself to show what has changed since. Null: said before plans were kept.
ALTER TABLE go_no_go ADD COLUMN plan_hash text, ADD COLUMN plan jsonb;
CREATE INDEX go_no_go_booking ON go_no_go (booking_id, decided_at, id);

-- Agents hear at once of another storage, too.
DROP TRIGGER wake_agents ON migration;
CREATE TRIGGER wake_agents AFTER INSERT OR UPDATE OF status, source_agent_id, target_agent_id, resume_status, network, storage, cpus, memory_bytes,
  rate_bytes_per_second, guest_write_bytes_per_second, way_back_since
  ON migration FOR EACH ROW EXECUTE FUNCTION wake_for_migration();
