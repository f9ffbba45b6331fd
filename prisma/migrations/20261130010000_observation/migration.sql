-- What agents observe of VMs before they move: writes by the minute with the working-set curve, what the disks hold, and the line.

CREATE TYPE "ObservationSource" AS ENUM ('FILTER', 'CHANGED_BLOCKS', 'COUNTERS');

CREATE TABLE vm_observation (
  vm_id text NOT NULL,
  minute timestamptz(3) NOT NULL,
  provider_id text NOT NULL,
  tenant_id text NOT NULL,
  length_seconds double precision NOT NULL,
  covered_seconds double precision NOT NULL,
  source "ObservationSource" NOT NULL,
  written_bytes bigint NOT NULL,
  unique_1m bigint,
  unique_5m bigint,
  unique_15m bigint,
  unique_60m bigint,
  unique_6h bigint,
  unique_24h bigint,
  blocks_per_stamp integer NOT NULL,
  latency_ms double precision,
  CONSTRAINT vm_observation_pkey PRIMARY KEY (vm_id, minute),
  CONSTRAINT vm_observation_bounds CHECK (length_seconds > 0 AND length_seconds <= 60 AND covered_seconds >= 0 AND covered_seconds <= length_seconds
    AND written_bytes >= 0 AND blocks_per_stamp >= 1)
);
CREATE INDEX vm_observation_by_time ON vm_observation (minute);

CREATE TABLE vm_content (
  vm_id text NOT NULL PRIMARY KEY,
  provider_id text NOT NULL,
  tenant_id text NOT NULL,
  measured_at timestamptz(3) NOT NULL,
  size_bytes bigint NOT NULL,
  allocated_bytes bigint NOT NULL,
  sampled_blocks integer NOT NULL,
  sampled_block_bytes integer NOT NULL,
  zero_share double precision,
  compressed_share double precision,
  CONSTRAINT vm_content_bounds CHECK (zero_share BETWEEN 0 AND 1 AND compressed_share BETWEEN 0 AND 1)
);

CREATE TABLE link_probe (
  source_agent_id text NOT NULL,
  at timestamptz(3) NOT NULL,
  provider_id text NOT NULL,
  tenant_id text NOT NULL,
  site_id text NOT NULL,
  target_site_id text NOT NULL,
  probed_bytes bigint NOT NULL,
  seconds double precision NOT NULL,
  bytes_per_second double precision NOT NULL,
  round_trip_ms double precision NOT NULL,
  CONSTRAINT link_probe_pkey PRIMARY KEY (source_agent_id, at)
);
CREATE INDEX link_probe_by_site ON link_probe (site_id, at);

DO $do$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['vm_observation', 'vm_content', 'link_probe'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY web ON %I TO driftless_web USING (tenant_id = app_tenant_id() OR provider_id = app_provider_id()) WITH CHECK (tenant_id = app_tenant_id() OR provider_id = app_provider_id())', t);
    EXECUTE format('CREATE POLICY coordinator ON %I TO driftless_coordinator USING (true) WITH CHECK (true)', t);
    EXECUTE format('CREATE POLICY owner ON %I TO CURRENT_USER USING (true) WITH CHECK (true)', t);
    -- What an agent has seen: the coordinator writes it down, people only read it.
    EXECUTE format('GRANT SELECT ON %I TO driftless_web', t);
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO driftless_coordinator', t);
  END LOOP;
END $do$;
