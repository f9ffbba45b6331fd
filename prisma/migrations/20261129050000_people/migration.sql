-- People: how they are invited, how a forgotten password is replaced, and how an organisation's own sign-on lets them in.

CREATE TABLE invitation (
  -- Becomes the person's id once accepted, so that the audit log tells one story.
  id text NOT NULL PRIMARY KEY,
  provider_id text NOT NULL,
  tenant_id text,
  email text NOT NULL,
  name text NOT NULL,
  role "UserRole" NOT NULL,
  locale text NOT NULL DEFAULT 'en',
  -- SHA-256 of 256 random bits.
  token_hash text NOT NULL,
  created_by_id text NOT NULL,
  created_at timestamptz(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  expires_at timestamptz(3) NOT NULL,
  accepted_at timestamptz(3),
  withdrawn_at timestamptz(3),
  CONSTRAINT invitation_token_hash_key UNIQUE (token_hash)
);
-- An address is invited once at a time, wherever to.
CREATE UNIQUE INDEX invitation_one_open ON invitation (email) WHERE accepted_at IS NULL AND withdrawn_at IS NULL;

CREATE TABLE password_reset (
  id text NOT NULL PRIMARY KEY,
  provider_id text NOT NULL,
  tenant_id text,
  user_id text NOT NULL,
  token_hash text NOT NULL,
  created_at timestamptz(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  expires_at timestamptz(3) NOT NULL,
  used_at timestamptz(3),
  CONSTRAINT password_reset_token_hash_key UNIQUE (token_hash),
  CONSTRAINT password_reset_user_id_fkey FOREIGN KEY (user_id) REFERENCES portal_user(id) ON DELETE CASCADE ON UPDATE CASCADE
);
CREATE INDEX password_reset_by_user ON password_reset (user_id, created_at);

-- One organisation's OpenID Connect server. tenant_id null: the provider's own staff.
CREATE TABLE oidc_connection (
  -- Made from the organisation's, so that the callback address is known before anything is saved.
  id text NOT NULL PRIMARY KEY,
  provider_id text NOT NULL,
  tenant_id text,
  issuer text NOT NULL,
  client_id text NOT NULL,
  client_secret_sealed text NOT NULL,
  -- Whom nobody invited gets this role at the first sign-on; null: only who is known already gets in.
  default_role "UserRole",
  -- Passwords no longer let this organisation's people in.
  enforced boolean NOT NULL DEFAULT false,
  updated_at timestamptz(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  CONSTRAINT oidc_connection_role_fits CHECK (default_role IS NULL OR (tenant_id IS NULL) = (default_role::text LIKE 'PROVIDER_%'))
);

-- An e-mail domain leads to one connection of the whole installation.
CREATE TABLE oidc_domain (
  domain text NOT NULL PRIMARY KEY,
  provider_id text NOT NULL,
  tenant_id text,
  connection_id text NOT NULL,
  CONSTRAINT oidc_domain_connection_id_fkey FOREIGN KEY (connection_id) REFERENCES oidc_connection(id) ON DELETE CASCADE ON UPDATE CASCADE
);
CREATE INDEX oidc_domain_by_connection ON oidc_domain (connection_id);

-- Who somebody is to an organisation's server: its subject, never the e-mail address, which may be given to another one day.
CREATE TABLE oidc_account (
  connection_id text NOT NULL,
  subject text NOT NULL,
  provider_id text NOT NULL,
  tenant_id text,
  issuer text NOT NULL,
  user_id text NOT NULL,
  linked_at timestamptz(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  last_used_at timestamptz(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  CONSTRAINT oidc_account_pkey PRIMARY KEY (connection_id, subject),
  CONSTRAINT oidc_account_user_id_key UNIQUE (user_id),
  CONSTRAINT oidc_account_connection_id_fkey FOREIGN KEY (connection_id) REFERENCES oidc_connection(id) ON DELETE CASCADE ON UPDATE CASCADE,
  CONSTRAINT oidc_account_user_id_fkey FOREIGN KEY (user_id) REFERENCES portal_user(id) ON DELETE CASCADE ON UPDATE CASCADE
);

-- Whether a password is set may be shown; its hash never is.
ALTER TABLE portal_user ADD COLUMN has_password boolean GENERATED ALWAYS AS (password_hash IS NOT NULL) STORED;
ALTER TABLE portal_user ADD CONSTRAINT portal_user_role_fits CHECK ((tenant_id IS NULL) = (role::text LIKE 'PROVIDER_%'));

-- Read by the organisation's own people and their provider; written in the provider's scope alone: a customer's transaction,
-- whatever made it do so, invites nobody and connects nothing.
DO $do$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['invitation', 'password_reset', 'oidc_connection', 'oidc_domain', 'oidc_account'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY web ON %I TO driftless_web USING (tenant_id = app_tenant_id() OR provider_id = app_provider_id()) WITH CHECK (tenant_id = app_tenant_id() OR provider_id = app_provider_id())', t);
    EXECUTE format('CREATE POLICY web_inserts ON %I AS RESTRICTIVE FOR INSERT TO driftless_web WITH CHECK (provider_id = app_provider_id())', t);
    EXECUTE format('CREATE POLICY web_updates ON %I AS RESTRICTIVE FOR UPDATE TO driftless_web USING (provider_id = app_provider_id()) WITH CHECK (provider_id = app_provider_id())', t);
    EXECUTE format('CREATE POLICY web_deletes ON %I AS RESTRICTIVE FOR DELETE TO driftless_web USING (provider_id = app_provider_id())', t);
    EXECUTE format('CREATE POLICY coordinator ON %I TO driftless_coordinator USING (true) WITH CHECK (true)', t);
    EXECUTE format('CREATE POLICY owner ON %I TO CURRENT_USER USING (true) WITH CHECK (true)', t);
  END LOOP;
END $do$;

GRANT SELECT (id, provider_id, tenant_id, email, name, role, locale, created_by_id, created_at, expires_at, accepted_at, withdrawn_at) ON invitation TO driftless_web;
GRANT INSERT ON invitation TO driftless_web;
GRANT UPDATE (name, role, token_hash, expires_at, accepted_at, withdrawn_at) ON invitation TO driftless_web;
GRANT SELECT (id, provider_id, tenant_id, user_id, created_at, expires_at, used_at) ON password_reset TO driftless_web;
GRANT INSERT ON password_reset TO driftless_web;
GRANT UPDATE (used_at) ON password_reset TO driftless_web;
GRANT SELECT (id, provider_id, tenant_id, issuer, client_id, default_role, enforced, updated_at) ON oidc_connection TO driftless_web;
GRANT INSERT, DELETE ON oidc_connection TO driftless_web;
GRANT UPDATE (issuer, client_id, client_secret_sealed, default_role, enforced, updated_at) ON oidc_connection TO driftless_web;
GRANT SELECT, INSERT, DELETE ON oidc_domain, oidc_account TO driftless_web;
GRANT UPDATE (last_used_at) ON oidc_account TO driftless_web;

GRANT SELECT (has_password) ON portal_user TO driftless_web;
GRANT INSERT ON portal_user TO driftless_web;
GRANT UPDATE (name, role, password_hash, deactivated_at) ON portal_user TO driftless_web;
CREATE POLICY web_inserts ON portal_user AS RESTRICTIVE FOR INSERT TO driftless_web WITH CHECK (provider_id = app_provider_id());
-- Grants cannot tell scopes apart: nobody makes themselves an approver from inside a customer's transaction.
CREATE FUNCTION keep_people() RETURNS trigger LANGUAGE plpgsql AS
  $$ BEGIN
    IF current_user = 'driftless_web' AND NEW.provider_id IS DISTINCT FROM app_provider_id()
      AND (NEW.name, NEW.role, NEW.deactivated_at, NEW.password_hash) IS DISTINCT FROM (OLD.name, OLD.role, OLD.deactivated_at, OLD.password_hash) THEN
      RAISE EXCEPTION 'people are changed in their provider''s scope alone' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
  END $$;
CREATE TRIGGER keep_people BEFORE UPDATE ON portal_user FOR EACH ROW EXECUTE FUNCTION keep_people();

-- Nobody is known yet where these are asked. Each answers one row for a secret that its asker holds, or a name that is public.
CREATE FUNCTION find_invitation(sought_hash text)
RETURNS TABLE (id text, provider_id text, tenant_id text, email text, name text, role "UserRole", locale text, organisation text, provider_name text, invited_by text, expires_at timestamptz, connection_id text, enforced boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS
  $$ SELECT i.id, i.provider_id, i.tenant_id, i.email, i.name, i.role, i.locale, coalesce(t.name, p.name), p.name, u.name, i.expires_at, c.id, coalesce(c.enforced, false)
     FROM invitation i JOIN provider p ON p.id = i.provider_id LEFT JOIN tenant t ON t.id = i.tenant_id LEFT JOIN portal_user u ON u.id = i.created_by_id
     LEFT JOIN oidc_connection c ON c.provider_id = i.provider_id AND c.tenant_id IS NOT DISTINCT FROM i.tenant_id
     WHERE i.token_hash = sought_hash AND i.accepted_at IS NULL AND i.withdrawn_at IS NULL AND i.expires_at > now() $$;

CREATE FUNCTION find_password_reset(sought_hash text)
RETURNS TABLE (id text, provider_id text, tenant_id text, user_id text, email text, name text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS
  $$ SELECT r.id, r.provider_id, r.tenant_id, u.id, u.email, u.name FROM password_reset r JOIN portal_user u ON u.id = r.user_id
     WHERE r.token_hash = sought_hash AND r.used_at IS NULL AND r.expires_at > now() AND u.deactivated_at IS NULL $$;

-- To which sign-on an e-mail domain leads; the connection's id says nothing that its sign-in would not.
CREATE FUNCTION find_oidc_connection(sought_domain text) RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS
  $$ SELECT d.connection_id FROM oidc_domain d WHERE d.domain = lower(sought_domain) $$;

-- What a sign-in by a connection needs; the secret is sealed with a key that is not in the database.
CREATE FUNCTION read_oidc_connection(sought_id text)
RETURNS TABLE (id text, provider_id text, tenant_id text, issuer text, client_id text, client_secret_sealed text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS
  $$ SELECT c.id, c.provider_id, c.tenant_id, c.issuer, c.client_id, c.client_secret_sealed FROM oidc_connection c WHERE c.id = sought_id $$;

-- Whether a person must come by their organisation's sign-on. A provider's administrators may always come by password: a
-- sign-on that is down or set up wrongly must not lock out those who can repair it.
CREATE FUNCTION must_use_sign_on(sought_user text) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS
  $$ SELECT EXISTS (SELECT FROM portal_user u JOIN oidc_connection c ON c.provider_id = u.provider_id AND c.tenant_id IS NOT DISTINCT FROM u.tenant_id
       WHERE u.id = sought_user AND c.enforced AND u.role <> 'PROVIDER_ADMIN') $$;

-- Whether an address is somebody's already, in any organisation: addresses are unique over all of them.
CREATE FUNCTION email_is_taken(sought text) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS
  $$ SELECT EXISTS (SELECT FROM portal_user u WHERE u.email = lower(sought)) $$;

REVOKE ALL ON FUNCTION find_invitation(text), find_password_reset(text), find_oidc_connection(text), read_oidc_connection(text), must_use_sign_on(text), email_is_taken(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION find_invitation(text), find_password_reset(text), find_oidc_connection(text), read_oidc_connection(text), must_use_sign_on(text), email_is_taken(text) TO driftless_web;

-- Administrators set what is demanded at sign-in, each for their own.
GRANT UPDATE (staff_second_factor, customers_second_factor) ON provider TO driftless_web;
GRANT UPDATE (second_factor) ON tenant TO driftless_web;
CREATE POLICY web_updates ON tenant AS RESTRICTIVE FOR UPDATE TO driftless_web USING (provider_id = app_provider_id()) WITH CHECK (provider_id = app_provider_id());
