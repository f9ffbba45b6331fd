-- The first schema. Tables and types as in schema.prisma, then what Prisma cannot say:
-- exclusion constraints, who may read and write (roles, row-level security), notifications.

CREATE EXTENSION IF NOT EXISTS btree_gist;

CREATE TYPE "UserRole" AS ENUM ('CUSTOMER_VIEWER', 'CUSTOMER_OPERATOR', 'CUSTOMER_APPROVER', 'PROVIDER_VIEWER', 'PROVIDER_OPERATOR', 'PROVIDER_SCHEDULER', 'PROVIDER_ADMIN');
CREATE TYPE "SiteKind" AS ENUM ('SOURCE', 'TARGET');
CREATE TYPE "WaveType" AS ENUM ('LIVE_IO_FILTER');
CREATE TYPE "CutoverMode" AS ENUM ('MANUAL', 'AUTOMATIC');
CREATE TYPE "EstimateStatus" AS ENUM ('OBSERVING', 'DONE', 'CANCELLED');
CREATE TYPE "MigrationStatus" AS ENUM ('DRAFT', 'ASSESSED', 'READY_TO_REPLICATE', 'REPLICATING', 'READY_FOR_TEST', 'TESTING', 'READY_FOR_CUTOVER', 'CUTTING_OVER', 'VALIDATING', 'COMPLETED', 'ROLLED_BACK', 'FAILED', 'CANCELLED', 'BLOCKED');
CREATE TYPE "ReplicationStatus" AS ENUM ('STOPPED', 'INITIATING', 'INITIAL_SYNC', 'CONTINUOUS', 'BACKLOG', 'SEEDING', 'RESYNC', 'PAUSED', 'STALLED', 'DISCONNECTED');
CREATE TYPE "BookingStatus" AS ENUM ('REQUESTED', 'COUNTER_OFFERED', 'APPROVED', 'LOCKED', 'IN_PROGRESS', 'DONE', 'REJECTED', 'EXPIRED', 'WITHDRAWN');
CREATE TYPE "CutoverStatus" AS ENUM ('PREFLIGHT', 'GO_NO_GO', 'SOURCE_QUIESCING', 'SOURCE_OFF', 'FINAL_SYNC', 'VERIFYING', 'TARGET_BOOTING', 'VALIDATING', 'COMMITTED', 'ROLLED_BACK');
CREATE TYPE "GoNoGoDecision" AS ENUM ('GO', 'NO_GO');
CREATE TYPE "ActorKind" AS ENUM ('USER', 'COORDINATOR', 'AGENT', 'SYSTEM');

CREATE TABLE provider (
  id text NOT NULL PRIMARY KEY,
  name text NOT NULL,
  accent_color text NOT NULL,
  is_demo boolean NOT NULL DEFAULT false,
  created_at timestamptz(3) NOT NULL DEFAULT CURRENT_TIMESTAMP
);

CREATE TABLE tenant (
  id text NOT NULL PRIMARY KEY,
  provider_id text NOT NULL,
  name text NOT NULL,
  created_at timestamptz(3) NOT NULL DEFAULT CURRENT_TIMESTAMP
);

CREATE TABLE portal_user (
  id text NOT NULL PRIMARY KEY,
  provider_id text NOT NULL,
  tenant_id text,
  email text NOT NULL,
  name text NOT NULL,
  role "UserRole" NOT NULL,
  password_hash text NOT NULL,
  locale text NOT NULL DEFAULT 'en',
  created_at timestamptz(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  CONSTRAINT portal_user_email_key UNIQUE (email)
);

CREATE TABLE site (
  id text NOT NULL PRIMARY KEY,
  provider_id text NOT NULL,
  tenant_id text,
  kind "SiteKind" NOT NULL,
  name text NOT NULL,
  link_rate_bytes_per_second bigint,
  created_at timestamptz(3) NOT NULL DEFAULT CURRENT_TIMESTAMP
);

CREATE TABLE agent (
  id text NOT NULL PRIMARY KEY,
  provider_id text NOT NULL,
  tenant_id text,
  site_id text NOT NULL,
  role "SiteKind" NOT NULL,
  name text NOT NULL,
  host text NOT NULL,
  version text NOT NULL,
  protocol integer NOT NULL,
  certificate_fingerprint text NOT NULL,
  enrolled_at timestamptz(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  last_contact_at timestamptz(3),
  stream_host text,
  stream_port integer,
  free_bytes bigint,
  total_bytes bigint
);

CREATE TABLE enrolment_token (
  id text NOT NULL PRIMARY KEY,
  provider_id text NOT NULL,
  tenant_id text,
  site_id text NOT NULL,
  secret_hash text NOT NULL,
  expires_at timestamptz(3) NOT NULL,
  used_at timestamptz(3),
  used_by_agent_id text,
  created_by_id text,
  created_at timestamptz(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  CONSTRAINT enrolment_token_secret_hash_key UNIQUE (secret_hash)
);

CREATE TABLE certificate_authority (
  id text NOT NULL PRIMARY KEY,
  fingerprint text NOT NULL,
  certificate_pem text NOT NULL,
  private_key_pem text NOT NULL,
  created_at timestamptz(3) NOT NULL DEFAULT CURRENT_TIMESTAMP
);

CREATE TABLE vm (
  id text NOT NULL PRIMARY KEY,
  provider_id text NOT NULL,
  tenant_id text NOT NULL,
  site_id text NOT NULL,
  ref text NOT NULL,
  name text NOT NULL,
  guest_os text NOT NULL,
  cpus integer NOT NULL,
  memory_bytes bigint NOT NULL,
  network text NOT NULL,
  power text NOT NULL,
  health text NOT NULL,
  written_bytes bigint NOT NULL DEFAULT 0,
  churn_bytes_per_second double precision NOT NULL DEFAULT 0,
  hypervisor jsonb NOT NULL,
  seen_at timestamptz(3) NOT NULL,
  gone_at timestamptz(3),
  CONSTRAINT vm_site_id_ref_key UNIQUE (site_id, ref)
);

CREATE TABLE vm_disk (
  id text NOT NULL PRIMARY KEY,
  provider_id text NOT NULL,
  tenant_id text NOT NULL,
  vm_id text NOT NULL,
  key text NOT NULL,
  size_bytes bigint NOT NULL,
  used_bytes bigint NOT NULL,
  CONSTRAINT vm_disk_vm_id_key_key UNIQUE (vm_id, key)
);

CREATE TABLE destination (
  id text NOT NULL PRIMARY KEY,
  provider_id text NOT NULL,
  tenant_id text NOT NULL,
  target_site_id text NOT NULL,
  name text NOT NULL,
  network_map jsonb NOT NULL,
  default_network text NOT NULL,
  networks text[] NOT NULL,
  storages text[] NOT NULL
);

CREATE TABLE estimate (
  id text NOT NULL PRIMARY KEY,
  provider_id text NOT NULL,
  tenant_id text NOT NULL,
  site_id text NOT NULL,
  name text NOT NULL,
  status "EstimateStatus" NOT NULL DEFAULT 'OBSERVING',
  started_at timestamptz(3) NOT NULL,
  ends_at timestamptz(3) NOT NULL,
  shipping_days double precision NOT NULL DEFAULT 3,
  created_by_id text NOT NULL
);

CREATE TABLE estimate_vm (
  provider_id text NOT NULL,
  tenant_id text NOT NULL,
  estimate_id text NOT NULL,
  vm_id text NOT NULL,
  CONSTRAINT estimate_vm_pkey PRIMARY KEY (estimate_id, vm_id)
);

CREATE TABLE wave (
  id text NOT NULL PRIMARY KEY,
  provider_id text NOT NULL,
  tenant_id text NOT NULL,
  site_id text NOT NULL,
  destination_id text NOT NULL,
  name text NOT NULL,
  type "WaveType" NOT NULL DEFAULT 'LIVE_IO_FILTER',
  cutover_mode "CutoverMode" NOT NULL DEFAULT 'MANUAL',
  paused boolean NOT NULL DEFAULT false,
  rate_bytes_per_second bigint,
  guest_write_bytes_per_second bigint,
  shutdown_seconds integer NOT NULL DEFAULT 120,
  estimate jsonb,
  created_by_id text NOT NULL,
  created_at timestamptz(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  started_at timestamptz(3)
);

CREATE TABLE migration (
  id text NOT NULL PRIMARY KEY,
  provider_id text NOT NULL,
  tenant_id text NOT NULL,
  wave_id text NOT NULL,
  vm_id text NOT NULL,
  position integer NOT NULL,
  status "MigrationStatus" NOT NULL DEFAULT 'DRAFT',
  resume_status "MigrationStatus",
  wait_reason text,
  wait_detail text,
  network text NOT NULL,
  storage text NOT NULL,
  cpus integer NOT NULL,
  memory_bytes bigint NOT NULL,
  source_agent_id text,
  target_agent_id text,
  cutover_requested_at timestamptz(3),
  source_observed jsonb,
  source_observed_at timestamptz(3),
  target_observed jsonb,
  target_observed_at timestamptz(3),
  started_at timestamptz(3),
  ready_at timestamptz(3),
  ended_at timestamptz(3),
  status_changed_at timestamptz(3) NOT NULL DEFAULT CURRENT_TIMESTAMP
);

CREATE TABLE replication (
  id text NOT NULL PRIMARY KEY,
  provider_id text NOT NULL,
  tenant_id text NOT NULL,
  migration_id text NOT NULL,
  disk_key text NOT NULL,
  size_bytes bigint NOT NULL,
  status "ReplicationStatus" NOT NULL DEFAULT 'STOPPED',
  background_done_bytes bigint NOT NULL DEFAULT 0,
  background_total_bytes bigint NOT NULL DEFAULT 0,
  foreground_done_bytes bigint NOT NULL DEFAULT 0,
  foreground_left_bytes bigint NOT NULL DEFAULT 0,
  sent_bytes bigint NOT NULL DEFAULT 0,
  behind_since timestamptz(3),
  CONSTRAINT replication_migration_id_disk_key_key UNIQUE (migration_id, disk_key)
);

CREATE TABLE booking (
  id text NOT NULL PRIMARY KEY,
  provider_id text NOT NULL,
  tenant_id text NOT NULL,
  wave_id text NOT NULL,
  target_site_id text NOT NULL,
  starts_at timestamptz(3) NOT NULL,
  ends_at timestamptz(3) NOT NULL,
  lockout_at timestamptz(3) NOT NULL,
  status "BookingStatus" NOT NULL DEFAULT 'REQUESTED',
  note text,
  decision_reason text,
  requested_by_id text NOT NULL,
  requested_at timestamptz(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  decided_by_id text,
  decided_at timestamptz(3)
);

CREATE TABLE go_no_go (
  id text NOT NULL PRIMARY KEY,
  provider_id text NOT NULL,
  tenant_id text NOT NULL,
  wave_id text NOT NULL,
  booking_id text NOT NULL,
  decision "GoNoGoDecision" NOT NULL,
  reason text,
  decided_by_id text NOT NULL,
  decided_at timestamptz(3) NOT NULL DEFAULT CURRENT_TIMESTAMP
);

CREATE TABLE cutover_attempt (
  id text NOT NULL PRIMARY KEY,
  provider_id text NOT NULL,
  tenant_id text NOT NULL,
  migration_id text NOT NULL,
  booking_id text NOT NULL,
  number integer NOT NULL,
  status "CutoverStatus" NOT NULL DEFAULT 'PREFLIGHT',
  status_changed_at timestamptz(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  reached_at jsonb NOT NULL,
  source_returned_at timestamptz(3),
  failure_code text,
  failure_message text,
  source_hashes jsonb,
  target_hashes jsonb,
  source_last_write_at timestamptz(3),
  target_first_write_at timestamptz(3),
  downtime_seconds double precision,
  acknowledged_sequence bigint,
  sequence_at_boot bigint,
  CONSTRAINT cutover_attempt_migration_id_number_key UNIQUE (migration_id, number)
);

CREATE TABLE evidence_pack (
  migration_id text NOT NULL PRIMARY KEY,
  provider_id text NOT NULL,
  tenant_id text NOT NULL,
  content jsonb NOT NULL,
  sha256 text NOT NULL,
  created_at timestamptz(3) NOT NULL DEFAULT CURRENT_TIMESTAMP
);

CREATE TABLE billing_start (
  migration_id text NOT NULL PRIMARY KEY,
  provider_id text NOT NULL,
  tenant_id text NOT NULL,
  vm_name text NOT NULL,
  cpus integer NOT NULL,
  memory_bytes bigint NOT NULL,
  disk_bytes bigint NOT NULL,
  accepted_at timestamptz(3) NOT NULL
);

CREATE TABLE telemetry_sample (
  vm_id text NOT NULL,
  at timestamptz(3) NOT NULL,
  provider_id text NOT NULL,
  tenant_id text NOT NULL,
  migration_id text,
  interval_seconds double precision NOT NULL,
  background_bytes_per_second double precision NOT NULL,
  foreground_bytes_per_second double precision NOT NULL,
  backlog_bytes bigint NOT NULL,
  lag_seconds double precision NOT NULL,
  guest_write_bytes_per_second double precision NOT NULL,
  unique_write_bytes bigint NOT NULL,
  guest_write_latency_ms double precision,
  CONSTRAINT telemetry_sample_pkey PRIMARY KEY (vm_id, at)
);

CREATE TABLE audit_entry (
  id bigserial NOT NULL PRIMARY KEY,
  provider_id text NOT NULL,
  tenant_id text,
  at timestamptz(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  actor_kind "ActorKind" NOT NULL,
  actor_id text,
  actor_name text NOT NULL,
  action text NOT NULL,
  subject_kind text NOT NULL,
  subject_id text NOT NULL,
  subject_name text NOT NULL,
  before text,
  after text,
  detail jsonb
);

ALTER TABLE tenant ADD CONSTRAINT tenant_provider_id_fkey FOREIGN KEY (provider_id) REFERENCES provider(id) ON DELETE RESTRICT ON UPDATE CASCADE;
ALTER TABLE agent ADD CONSTRAINT agent_site_id_fkey FOREIGN KEY (site_id) REFERENCES site(id) ON DELETE RESTRICT ON UPDATE CASCADE;
ALTER TABLE enrolment_token ADD CONSTRAINT enrolment_token_site_id_fkey FOREIGN KEY (site_id) REFERENCES site(id) ON DELETE RESTRICT ON UPDATE CASCADE;
ALTER TABLE vm ADD CONSTRAINT vm_site_id_fkey FOREIGN KEY (site_id) REFERENCES site(id) ON DELETE RESTRICT ON UPDATE CASCADE;
ALTER TABLE vm_disk ADD CONSTRAINT vm_disk_vm_id_fkey FOREIGN KEY (vm_id) REFERENCES vm(id) ON DELETE RESTRICT ON UPDATE CASCADE;
ALTER TABLE destination ADD CONSTRAINT destination_target_site_id_fkey FOREIGN KEY (target_site_id) REFERENCES site(id) ON DELETE RESTRICT ON UPDATE CASCADE;
ALTER TABLE estimate_vm ADD CONSTRAINT estimate_vm_estimate_id_fkey FOREIGN KEY (estimate_id) REFERENCES estimate(id) ON DELETE RESTRICT ON UPDATE CASCADE;
ALTER TABLE estimate_vm ADD CONSTRAINT estimate_vm_vm_id_fkey FOREIGN KEY (vm_id) REFERENCES vm(id) ON DELETE RESTRICT ON UPDATE CASCADE;
ALTER TABLE wave ADD CONSTRAINT wave_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenant(id) ON DELETE RESTRICT ON UPDATE CASCADE;
ALTER TABLE wave ADD CONSTRAINT wave_site_id_fkey FOREIGN KEY (site_id) REFERENCES site(id) ON DELETE RESTRICT ON UPDATE CASCADE;
ALTER TABLE wave ADD CONSTRAINT wave_destination_id_fkey FOREIGN KEY (destination_id) REFERENCES destination(id) ON DELETE RESTRICT ON UPDATE CASCADE;
ALTER TABLE migration ADD CONSTRAINT migration_wave_id_fkey FOREIGN KEY (wave_id) REFERENCES wave(id) ON DELETE RESTRICT ON UPDATE CASCADE;
ALTER TABLE migration ADD CONSTRAINT migration_vm_id_fkey FOREIGN KEY (vm_id) REFERENCES vm(id) ON DELETE RESTRICT ON UPDATE CASCADE;
ALTER TABLE replication ADD CONSTRAINT replication_migration_id_fkey FOREIGN KEY (migration_id) REFERENCES migration(id) ON DELETE RESTRICT ON UPDATE CASCADE;
ALTER TABLE booking ADD CONSTRAINT booking_wave_id_fkey FOREIGN KEY (wave_id) REFERENCES wave(id) ON DELETE RESTRICT ON UPDATE CASCADE;
ALTER TABLE go_no_go ADD CONSTRAINT go_no_go_wave_id_fkey FOREIGN KEY (wave_id) REFERENCES wave(id) ON DELETE RESTRICT ON UPDATE CASCADE;
ALTER TABLE cutover_attempt ADD CONSTRAINT cutover_attempt_migration_id_fkey FOREIGN KEY (migration_id) REFERENCES migration(id) ON DELETE RESTRICT ON UPDATE CASCADE;
ALTER TABLE evidence_pack ADD CONSTRAINT evidence_pack_migration_id_fkey FOREIGN KEY (migration_id) REFERENCES migration(id) ON DELETE RESTRICT ON UPDATE CASCADE;
ALTER TABLE billing_start ADD CONSTRAINT billing_start_migration_id_fkey FOREIGN KEY (migration_id) REFERENCES migration(id) ON DELETE RESTRICT ON UPDATE CASCADE;

-- What lists and sweeps look for.
CREATE INDEX vm_site_seen ON vm (site_id, name);
CREATE INDEX migration_wave ON migration (wave_id, position);
CREATE INDEX migration_agents ON migration (source_agent_id, target_agent_id);
CREATE INDEX booking_wave ON booking (wave_id, starts_at);
CREATE INDEX telemetry_by_migration ON telemetry_sample (migration_id, at);
CREATE INDEX telemetry_by_time ON telemetry_sample (at);
CREATE INDEX audit_by_tenant ON audit_entry (tenant_id, id DESC);
CREATE INDEX audit_by_provider ON audit_entry (provider_id, id DESC);

-- A VM has one migration that is not over.
CREATE UNIQUE INDEX migration_one_live_per_vm ON migration (vm_id)
  WHERE status NOT IN ('COMPLETED', 'ROLLED_BACK', 'FAILED', 'CANCELLED');
-- A migration has one cutover attempt that is not over.
CREATE UNIQUE INDEX cutover_one_live_attempt ON cutover_attempt (migration_id)
  WHERE status NOT IN ('COMMITTED', 'ROLLED_BACK');
-- A target site has one wave in its hands at a time; requests that wait for a decision hold their slot.
ALTER TABLE booking ADD CONSTRAINT booking_slot_taken
  EXCLUDE USING gist (target_site_id WITH =, tstzrange(starts_at, ends_at) WITH &&)
  WHERE (status IN ('REQUESTED', 'COUNTER_OFFERED', 'APPROVED', 'LOCKED', 'IN_PROGRESS'));
ALTER TABLE booking ADD CONSTRAINT booking_window_order CHECK (starts_at < ends_at AND lockout_at BETWEEN starts_at AND ends_at);

-- Row-level security. The roles are made before the migrations run, with the installation's own passwords.
--  driftless_web: a transaction sees the rows of the tenant or of the provider that it has set, and none without.
--  driftless_coordinator: drives everybody's migrations and sees all rows.
GRANT USAGE ON SCHEMA public TO driftless_web, driftless_coordinator;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO driftless_coordinator;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO driftless_web, driftless_coordinator;

CREATE FUNCTION app_tenant_id() RETURNS text LANGUAGE sql STABLE AS
  $$ SELECT nullif(current_setting('app.tenant_id', true), '') $$;
CREATE FUNCTION app_provider_id() RETURNS text LANGUAGE sql STABLE AS
  $$ SELECT nullif(current_setting('app.provider_id', true), '') $$;

DO $do$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY[
    'portal_user', 'site', 'agent', 'enrolment_token', 'vm', 'vm_disk', 'destination', 'estimate', 'estimate_vm', 'wave',
    'migration', 'replication', 'booking', 'go_no_go', 'cutover_attempt', 'evidence_pack', 'billing_start',
    'telemetry_sample', 'audit_entry'
  ] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY web ON %I TO driftless_web USING (tenant_id = app_tenant_id() OR provider_id = app_provider_id()) WITH CHECK (tenant_id = app_tenant_id() OR provider_id = app_provider_id())', t);
    EXECUTE format('CREATE POLICY coordinator ON %I TO driftless_coordinator USING (true) WITH CHECK (true)', t);
    EXECUTE format('CREATE POLICY owner ON %I TO CURRENT_USER USING (true) WITH CHECK (true)', t);
  END LOOP;
END $do$;

-- A tenant sees the target sites that its destinations lead to, and their agents' state, though they are the provider's.
CREATE POLICY web_destination_sites ON site FOR SELECT TO driftless_web
  USING (id IN (SELECT target_site_id FROM destination WHERE tenant_id = app_tenant_id()));
CREATE POLICY web_destination_agents ON agent FOR SELECT TO driftless_web
  USING (site_id IN (SELECT target_site_id FROM destination WHERE tenant_id = app_tenant_id()));

ALTER TABLE tenant ENABLE ROW LEVEL SECURITY;
ALTER TABLE tenant FORCE ROW LEVEL SECURITY;
CREATE POLICY web ON tenant TO driftless_web USING (id = app_tenant_id() OR provider_id = app_provider_id());
CREATE POLICY coordinator ON tenant TO driftless_coordinator USING (true) WITH CHECK (true);
CREATE POLICY owner ON tenant TO CURRENT_USER USING (true) WITH CHECK (true);

-- Provider names and colours are shown before anybody has signed in.
GRANT SELECT ON provider TO driftless_web;
GRANT SELECT ON tenant TO driftless_web;
GRANT SELECT (id, provider_id, tenant_id, email, name, role, locale, created_at) ON portal_user TO driftless_web;
GRANT UPDATE (locale) ON portal_user TO driftless_web;
GRANT SELECT, INSERT, UPDATE ON site, enrolment_token, destination, estimate, wave, migration, booking, cutover_attempt TO driftless_web;
GRANT SELECT, INSERT, DELETE ON estimate_vm TO driftless_web;
GRANT SELECT, INSERT ON go_no_go, replication, audit_entry TO driftless_web;
GRANT SELECT ON agent, vm, vm_disk, evidence_pack, billing_start, telemetry_sample TO driftless_web;
GRANT SELECT (id, fingerprint) ON certificate_authority TO driftless_web;

-- The audit log only grows.
REVOKE UPDATE, DELETE ON audit_entry FROM driftless_coordinator;

-- Sign-in looks a person up before any tenant is known; nothing else may read a password hash.
CREATE FUNCTION find_sign_in(sought text)
RETURNS TABLE (id text, email text, name text, role "UserRole", password_hash text, tenant_id text, provider_id text, locale text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS
  $$ SELECT u.id, u.email, u.name, u.role, u.password_hash, u.tenant_id, u.provider_id, u.locale
     FROM portal_user u WHERE u.email = lower(sought) $$;
REVOKE ALL ON FUNCTION find_sign_in(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION find_sign_in(text) TO driftless_web;

-- A customer choosing a window sees which times of a site are taken, never by whom.
CREATE FUNCTION taken_slots(site text, from_at timestamptz, to_at timestamptz)
RETURNS TABLE (starts_at timestamptz, ends_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS
  $$ SELECT b.starts_at, b.ends_at FROM booking b
     WHERE b.target_site_id = site AND b.status IN ('REQUESTED', 'COUNTER_OFFERED', 'APPROVED', 'LOCKED', 'IN_PROGRESS')
       AND b.starts_at < to_at AND b.ends_at > from_at ORDER BY 1 LIMIT 500 $$;
REVOKE ALL ON FUNCTION taken_slots(text, timestamptz, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION taken_slots(text, timestamptz, timestamptz) TO driftless_web;

-- Desired state is derived from these rows: whoever changes one wakes the agents it concerns
-- (channel desired_changed, payload the agent's id). Observed columns are not listed, so reports wake nobody.
CREATE FUNCTION wake_agents(agents text[]) RETURNS void LANGUAGE sql AS
  $$ SELECT pg_notify('desired_changed', a) FROM unnest(agents) AS a WHERE a IS NOT NULL $$;

CREATE FUNCTION wake_for_migration() RETURNS trigger LANGUAGE plpgsql AS
  $$ BEGIN PERFORM wake_agents(ARRAY[NEW.source_agent_id, NEW.target_agent_id]); RETURN NULL; END $$;
CREATE TRIGGER wake_agents AFTER INSERT OR UPDATE OF status, source_agent_id, target_agent_id, resume_status, network, cpus, memory_bytes
  ON migration FOR EACH ROW EXECUTE FUNCTION wake_for_migration();

CREATE FUNCTION wake_for_attempt() RETURNS trigger LANGUAGE plpgsql AS
  $$ BEGIN
    PERFORM wake_agents(ARRAY[m.source_agent_id, m.target_agent_id]) FROM migration m WHERE m.id = NEW.migration_id;
    RETURN NULL;
  END $$;
CREATE TRIGGER wake_agents AFTER INSERT OR UPDATE OF status, source_returned_at
  ON cutover_attempt FOR EACH ROW EXECUTE FUNCTION wake_for_attempt();

CREATE FUNCTION wake_for_wave() RETURNS trigger LANGUAGE plpgsql AS
  $$ BEGIN
    PERFORM wake_agents(array_agg(DISTINCT m.source_agent_id)) FROM migration m WHERE m.wave_id = NEW.id;
    RETURN NULL;
  END $$;
CREATE TRIGGER wake_agents AFTER UPDATE OF paused, rate_bytes_per_second, guest_write_bytes_per_second, shutdown_seconds
  ON wave FOR EACH ROW EXECUTE FUNCTION wake_for_wave();

CREATE FUNCTION wake_for_site() RETURNS trigger LANGUAGE plpgsql AS
  $$ BEGIN
    PERFORM wake_agents(array_agg(a.id)) FROM agent a
      WHERE a.site_id = CASE TG_TABLE_NAME WHEN 'site' THEN to_jsonb(NEW)->>'id' ELSE to_jsonb(NEW)->>'site_id' END;
    RETURN NULL;
  END $$;
CREATE TRIGGER wake_agents AFTER UPDATE OF link_rate_bytes_per_second ON site FOR EACH ROW EXECUTE FUNCTION wake_for_site();
CREATE TRIGGER wake_agents AFTER INSERT OR UPDATE OF status ON estimate FOR EACH ROW EXECUTE FUNCTION wake_for_site();
