-- Who an agent is, for how long, and who says that it no longer is.

-- The certificate an agent uses has an end. The next one, signed already, takes over when it is first used; the ones before it
-- are remembered, so that a copy of one is recognised. Null ends: certificates of before, noted at the agent's next call.
ALTER TABLE agent
  ADD COLUMN certificate_expires_at timestamptz(3),
  ADD COLUMN next_certificate_fingerprint text,
  ADD COLUMN next_certificate_expires_at timestamptz(3),
  ADD COLUMN superseded_fingerprints text[] NOT NULL DEFAULT '{}',
  ADD COLUMN superseded_at timestamptz(3),
  ADD COLUMN revoked_at timestamptz(3),
  ADD COLUMN revoked_reason text,
  ADD COLUMN quarantined_at timestamptz(3),
  ADD CONSTRAINT agent_revoked_reason CHECK (revoked_at IS NULL OR length(revoked_reason) > 0);
GRANT UPDATE (revoked_at, revoked_reason) ON agent TO driftless_web;

-- Bound to an agent: gives that agent a new certificate instead of making another one.
ALTER TABLE enrolment_token ADD COLUMN agent_id text REFERENCES agent(id) ON DELETE CASCADE ON UPDATE CASCADE;

-- At most an hour, by the database's own word; rows of before may have been made for longer.
ALTER TABLE enrolment_token ADD CONSTRAINT enrolment_token_lifetime CHECK (expires_at <= created_at + interval '1 hour') NOT VALID;

-- An agent that is trusted no more, or again: the gateways cut it off, and its partners their streams.
CREATE FUNCTION agent_trust_changed() RETURNS trigger LANGUAGE plpgsql AS
  $$ BEGIN
    IF (OLD.revoked_at IS NULL AND OLD.quarantined_at IS NULL) = (NEW.revoked_at IS NULL AND NEW.quarantined_at IS NULL) THEN RETURN NULL; END IF;
    IF NEW.revoked_at IS NOT NULL OR NEW.quarantined_at IS NOT NULL THEN PERFORM pg_notify('agent_distrusted', NEW.id); END IF;
    PERFORM wake_agents(array_agg(DISTINCT partner)) FROM migration m, unnest(ARRAY[m.source_agent_id, m.target_agent_id]) AS partner
      WHERE m.source_agent_id = NEW.id OR m.target_agent_id = NEW.id;
    RETURN NULL;
  END $$;
CREATE TRIGGER agent_trust_changed AFTER UPDATE OF revoked_at, quarantined_at ON agent FOR EACH ROW EXECUTE FUNCTION agent_trust_changed();

-- Counts of attempts, shared by all programs; the columns are those of rate-limiter-flexible.
CREATE TABLE rate_limit (
  key varchar(255) PRIMARY KEY,
  points integer NOT NULL DEFAULT 0,
  expire bigint
);
CREATE INDEX rate_limit_expire_idx ON rate_limit (expire);
GRANT SELECT, INSERT, UPDATE, DELETE ON rate_limit TO driftless_web, driftless_coordinator;
