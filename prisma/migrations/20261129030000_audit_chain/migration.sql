-- The audit log as chains of hashes: one for each tenant, one for what is a provider's own. PostgreSQL itself chains the
-- entries when a transaction commits, so that no program can write one that is not.

ALTER TABLE audit_entry
  ADD COLUMN reason text,
  ADD COLUMN address text,
  ADD COLUMN chain text,
  ADD COLUMN sequence bigint,
  ADD COLUMN previous_hash text,
  ADD COLUMN hash text;

-- A person's reason was one of several details.
UPDATE audit_entry SET reason = detail->>'reason', detail = nullif(detail - 'reason', '{}'::jsonb)
  WHERE action IN ('booking.approve', 'booking.reject', 'wave.go', 'wave.no-go') AND detail ? 'reason';

-- The end of each chain.
CREATE TABLE audit_head (
  chain text NOT NULL PRIMARY KEY,
  provider_id text NOT NULL,
  tenant_id text,
  sequence bigint NOT NULL DEFAULT 0,
  hash text NOT NULL DEFAULT repeat('0', 64),
  at timestamptz(3) NOT NULL DEFAULT CURRENT_TIMESTAMP
);

-- What of each chain was published outside of this database last, and what is wrong with that.
CREATE TABLE audit_anchor (
  chain text NOT NULL PRIMARY KEY,
  provider_id text NOT NULL,
  tenant_id text,
  sequence bigint NOT NULL DEFAULT 0,
  hash text,
  at timestamptz(3),
  public_key text,
  signature text,
  problem text,
  problem_detail text,
  problem_since timestamptz(3),
  CONSTRAINT audit_anchor_problem CHECK (problem IN ('DATABASE_BEHIND', 'DATABASE_DIFFERS', 'UNREACHABLE'))
);

DO $do$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['audit_head', 'audit_anchor'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY web ON %I TO driftless_web USING (tenant_id = app_tenant_id() OR provider_id = app_provider_id()) WITH CHECK (tenant_id = app_tenant_id() OR provider_id = app_provider_id())', t);
    EXECUTE format('CREATE POLICY coordinator ON %I TO driftless_coordinator USING (true) WITH CHECK (true)', t);
    EXECUTE format('CREATE POLICY owner ON %I TO CURRENT_USER USING (true) WITH CHECK (true)', t);
  END LOOP;
END $do$;
GRANT SELECT ON audit_head, audit_anchor TO driftless_web, driftless_coordinator;
GRANT INSERT, UPDATE ON audit_anchor TO driftless_coordinator;

-- Programs say what happened; when it happened and where it stands in its chain is not theirs to say.
REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON audit_entry FROM driftless_web, driftless_coordinator;
GRANT INSERT (provider_id, tenant_id, actor_kind, actor_id, actor_name, address, action, subject_kind, subject_id, subject_name, before, after, reason, detail)
  ON audit_entry TO driftless_web, driftless_coordinator;

CREATE FUNCTION audit_chain(provider_id text, tenant_id text) RETURNS text LANGUAGE sql IMMUTABLE AS
  $$ SELECT coalesce('tenant/' || tenant_id, 'provider/' || provider_id) $$;

-- A text with its length in bytes before it, so that no two lists of fields read the same; nothing at all is a dash.
CREATE FUNCTION audit_field(value text) RETURNS text LANGUAGE sql IMMUTABLE AS
  $$ SELECT coalesce(octet_length(convert_to(value, 'UTF8')) || ':' || value, '-') || ',' $$;

-- What is hashed: every column of an entry. packages/audit-chain builds the same bytes from an export.
CREATE FUNCTION audit_canonical(e audit_entry) RETURNS text LANGUAGE sql STABLE AS $$
  SELECT audit_field('driftless-audit-1') || audit_field(e.previous_hash) || audit_field(e.chain) || audit_field(e.sequence::text) || audit_field(e.id::text)
    || audit_field(e.provider_id) || audit_field(e.tenant_id) || audit_field(to_char(e.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'))
    || audit_field(e.actor_kind::text) || audit_field(e.actor_id) || audit_field(e.actor_name) || audit_field(e.address)
    || audit_field(e.action) || audit_field(e.subject_kind) || audit_field(e.subject_id) || audit_field(e.subject_name)
    || audit_field(e.before) || audit_field(e.after) || audit_field(e.reason) || audit_field(e.detail::text)
$$;

-- Chains what has no place in a chain yet: what the transaction wrote, as nobody else's is seen before it is chained. All of
-- it at once, and the heads locked in the order of their names, so that transactions which write to several chains do not wait in a ring.
CREATE FUNCTION chain_audit_entries() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  entry audit_entry;
  head audit_head;
BEGIN
  INSERT INTO audit_head (chain, provider_id, tenant_id)
    SELECT DISTINCT ON (1) audit_chain(e.provider_id, e.tenant_id), e.provider_id, e.tenant_id FROM audit_entry e WHERE e.sequence IS NULL ORDER BY 1
    ON CONFLICT DO NOTHING;
  PERFORM 1 FROM audit_head h
    WHERE h.chain IN (SELECT audit_chain(e.provider_id, e.tenant_id) FROM audit_entry e WHERE e.sequence IS NULL) ORDER BY h.chain FOR UPDATE;
  FOR entry IN SELECT * FROM audit_entry e WHERE e.sequence IS NULL ORDER BY audit_chain(e.provider_id, e.tenant_id), e.id LOOP
    SELECT * INTO STRICT head FROM audit_head h WHERE h.chain = audit_chain(entry.provider_id, entry.tenant_id);
    entry.chain := head.chain;
    entry.sequence := head.sequence + 1;
    entry.previous_hash := head.hash;
    entry.hash := encode(sha256(convert_to(audit_canonical(entry), 'UTF8')), 'hex');
    UPDATE audit_entry e SET chain = entry.chain, sequence = entry.sequence, previous_hash = entry.previous_hash, hash = entry.hash WHERE e.id = entry.id;
    UPDATE audit_head h SET sequence = entry.sequence, hash = entry.hash, at = entry.at WHERE h.chain = entry.chain;
  END LOOP;
END $$;
REVOKE ALL ON FUNCTION chain_audit_entries() FROM PUBLIC;

SELECT chain_audit_entries();

CREATE UNIQUE INDEX audit_by_chain ON audit_entry (chain, sequence);
CREATE INDEX audit_unchained ON audit_entry (id) WHERE sequence IS NULL;
-- What the log is narrowed to.
CREATE INDEX audit_by_subject ON audit_entry (subject_id, id DESC);
CREATE INDEX audit_by_action ON audit_entry (provider_id, action, id DESC);
CREATE INDEX audit_by_actor ON audit_entry (provider_id, actor_name, id DESC);
CREATE INDEX audit_by_address ON audit_entry (provider_id, address, id DESC) WHERE address IS NOT NULL;
CREATE INDEX audit_by_time ON audit_entry (provider_id, at);

CREATE FUNCTION chain_at_commit() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF EXISTS (SELECT FROM audit_entry e WHERE e.id = NEW.id AND e.sequence IS NULL) THEN PERFORM chain_audit_entries(); END IF;
  RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION chain_at_commit() FROM PUBLIC;

-- At commit, when all of a transaction's rows are locked already: a head that was locked before them would be half of a deadlock.
CREATE CONSTRAINT TRIGGER chain_at_commit AFTER INSERT ON audit_entry
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION chain_at_commit();
