-- Estimates that count are kept with what they were made of, and beside them what came of it. Both only grow.

CREATE TYPE "OutcomeQuantity" AS ENUM ('TIME_TO_IDENTICAL', 'WIRE_BYTES', 'CUTOVER', 'ADDED_LATENCY');

CREATE TABLE estimate_record (
  id text NOT NULL PRIMARY KEY,
  provider_id text NOT NULL,
  tenant_id text NOT NULL,
  site_id text NOT NULL REFERENCES site(id) ON DELETE RESTRICT ON UPDATE CASCADE,
  -- Of an observation that ended, or of a wave that was started.
  estimate_id text REFERENCES estimate(id) ON DELETE RESTRICT ON UPDATE CASCADE,
  wave_id text REFERENCES wave(id) ON DELETE RESTRICT ON UPDATE CASCADE,
  model text NOT NULL,
  inputs jsonb NOT NULL,
  predicted jsonb NOT NULL,
  made_at timestamptz(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  CONSTRAINT estimate_record_subject CHECK (num_nonnulls(estimate_id, wave_id) <= 1),
  -- 500 VMs with a fortnight each in half hours are 3 MB.
  CONSTRAINT estimate_record_bounds CHECK (pg_column_size(inputs) <= 8000000 AND pg_column_size(predicted) <= 1000000)
);
CREATE UNIQUE INDEX estimate_record_of_estimate ON estimate_record (estimate_id) WHERE estimate_id IS NOT NULL;
CREATE UNIQUE INDEX estimate_record_of_wave ON estimate_record (wave_id) WHERE wave_id IS NOT NULL;

CREATE TABLE estimate_outcome (
  migration_id text NOT NULL REFERENCES migration(id) ON DELETE RESTRICT ON UPDATE CASCADE,
  quantity "OutcomeQuantity" NOT NULL,
  provider_id text NOT NULL,
  tenant_id text NOT NULL,
  site_id text NOT NULL REFERENCES site(id) ON DELETE RESTRICT ON UPDATE CASCADE,
  record_id text NOT NULL REFERENCES estimate_record(id) ON DELETE RESTRICT ON UPDATE CASCADE,
  -- Seconds, bytes or milliseconds as the quantity says; null: it was said that it would never end.
  p50 double precision,
  p90 double precision,
  -- What the simulation itself had said, before it was corrected by earlier moves; of the time to identical alone.
  uncorrected_p50 double precision,
  uncorrected_p90 double precision,
  actual double precision NOT NULL,
  -- What people or troubles did to the move, for which no estimate answers; empty: it counts.
  disturbed text[] NOT NULL DEFAULT '{}',
  noted_at timestamptz(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  CONSTRAINT estimate_outcome_pkey PRIMARY KEY (migration_id, quantity)
);
CREATE INDEX estimate_outcome_site ON estimate_outcome (site_id, quantity, noted_at DESC);

DO $do$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['estimate_record', 'estimate_outcome'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY web ON %I TO driftless_web USING (tenant_id = app_tenant_id() OR provider_id = app_provider_id()) WITH CHECK (tenant_id = app_tenant_id())', t);
    EXECUTE format('CREATE POLICY coordinator ON %I TO driftless_coordinator USING (true) WITH CHECK (true)', t);
    EXECUTE format('CREATE POLICY owner ON %I TO CURRENT_USER USING (true) WITH CHECK (true)', t);
    EXECUTE format('GRANT SELECT ON %I TO driftless_web', t);
    EXECUTE format('GRANT SELECT, INSERT ON %I TO driftless_coordinator', t);
    EXECUTE format('CREATE TRIGGER only_grows BEFORE UPDATE OR DELETE ON %I FOR EACH ROW EXECUTE FUNCTION refuse_change()', t);
    EXECUTE format('CREATE TRIGGER never_emptied BEFORE TRUNCATE ON %I FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()', t);
  END LOOP;
END $do$;

-- What a wave was started with is kept by who starts it; what came of it the coordinator alone says.
GRANT INSERT ON estimate_record TO driftless_web;
