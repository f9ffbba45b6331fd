-- Signing in: sessions that can be ended, second factors, and the short while between a right password and a second factor.

CREATE TYPE "SignInFactor" AS ENUM ('PASSWORD', 'TOTP', 'PASSKEY', 'RECOVERY_CODE', 'SSO');

CREATE TABLE portal_session (
  id text NOT NULL PRIMARY KEY,
  provider_id text NOT NULL,
  tenant_id text,
  user_id text NOT NULL REFERENCES portal_user(id) ON DELETE CASCADE ON UPDATE CASCADE,
  -- SHA-256 of 256 random bits, which the cookie carries.
  token_hash text NOT NULL,
  created_at timestamptz(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  last_seen_at timestamptz(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  expires_at timestamptz(3) NOT NULL,
  -- When factors were last shown in this session.
  authenticated_at timestamptz(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  factors "SignInFactor"[] NOT NULL,
  address text,
  user_agent text,
  -- What a passkey is asked to sign next, once.
  challenge text,
  challenge_expires_at timestamptz(3),
  revoked_at timestamptz(3),
  revoked_by_id text,
  CONSTRAINT portal_session_token_hash_key UNIQUE (token_hash)
);
CREATE INDEX portal_session_of_user ON portal_session (user_id, expires_at);
CREATE INDEX portal_session_by_end ON portal_session (expires_at);

CREATE TABLE totp_secret (
  id text NOT NULL PRIMARY KEY,
  provider_id text NOT NULL,
  tenant_id text,
  user_id text NOT NULL REFERENCES portal_user(id) ON DELETE CASCADE ON UPDATE CASCADE,
  -- Sealed with a key that is not in the database.
  sealed_secret text NOT NULL,
  -- Null: shown to the person, no code of it was entered yet.
  confirmed_at timestamptz(3),
  -- The last step of 30 s whose code was accepted: none is accepted twice.
  last_step bigint,
  created_at timestamptz(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  CONSTRAINT totp_secret_user_id_key UNIQUE (user_id)
);

CREATE TABLE passkey (
  id text NOT NULL PRIMARY KEY,
  provider_id text NOT NULL,
  tenant_id text,
  user_id text NOT NULL REFERENCES portal_user(id) ON DELETE CASCADE ON UPDATE CASCADE,
  name text NOT NULL,
  -- base64url, as the authenticator names it.
  credential_id text NOT NULL,
  -- COSE.
  public_key bytea NOT NULL,
  -- Of uses, as the authenticator counts them; 0 where it does not.
  counter bigint NOT NULL,
  transports text[] NOT NULL,
  -- Kept by a service of its maker on several devices.
  synced boolean NOT NULL,
  created_at timestamptz(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  last_used_at timestamptz(3),
  CONSTRAINT passkey_credential_id_key UNIQUE (credential_id)
);
CREATE INDEX passkey_of_user ON passkey (user_id);

CREATE TABLE recovery_code (
  id text NOT NULL PRIMARY KEY,
  provider_id text NOT NULL,
  tenant_id text,
  user_id text NOT NULL REFERENCES portal_user(id) ON DELETE CASCADE ON UPDATE CASCADE,
  -- HMAC-SHA-256 of 80 random bits, with a key that is not in the database.
  code_hash text NOT NULL,
  used_at timestamptz(3),
  created_at timestamptz(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  CONSTRAINT recovery_code_code_hash_key UNIQUE (code_hash)
);
CREATE INDEX recovery_code_of_user ON recovery_code (user_id);

-- A sign-in that has begun: after a right password, or (nobody's yet) with a passkey. Never a session.
CREATE TABLE sign_in_ticket (
  -- SHA-256 of 256 random bits, which the sign-in page carries.
  token_hash text NOT NULL PRIMARY KEY,
  user_id text REFERENCES portal_user(id) ON DELETE CASCADE ON UPDATE CASCADE,
  challenge text NOT NULL,
  tries integer NOT NULL DEFAULT 0,
  expires_at timestamptz(3) NOT NULL,
  used_at timestamptz(3)
);
CREATE INDEX sign_in_ticket_by_end ON sign_in_ticket (expires_at);

-- Tries of whoever is not signed in, as rate-limiter-flexible counts them. Another migration makes the same where it comes first.
CREATE TABLE IF NOT EXISTS rate_limit (
  key text NOT NULL PRIMARY KEY,
  points integer NOT NULL DEFAULT 0,
  expire bigint
);
GRANT SELECT, INSERT, UPDATE, DELETE ON rate_limit TO driftless_web, driftless_coordinator;

DO $do$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['portal_session', 'totp_secret', 'passkey', 'recovery_code', 'sign_in_ticket'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY coordinator ON %I TO driftless_coordinator USING (true) WITH CHECK (true)', t);
    EXECUTE format('CREATE POLICY owner ON %I TO CURRENT_USER USING (true) WITH CHECK (true)', t);
  END LOOP;
  -- What proves who somebody is belongs to that person alone, in their own tenant's scope.
  FOREACH t IN ARRAY ARRAY['totp_secret', 'passkey', 'recovery_code'] LOOP
    EXECUTE format('CREATE POLICY web ON %I TO driftless_web USING (user_id = app_user_id() AND (tenant_id = app_tenant_id() OR provider_id = app_provider_id())) WITH CHECK (user_id = app_user_id() AND (tenant_id = app_tenant_id() OR provider_id = app_provider_id()))', t);
  END LOOP;
END $do$;

-- Sessions are seen and ended by whoever runs the organisation too; nobody opens one for somebody else.
CREATE POLICY web ON portal_session TO driftless_web
  USING (tenant_id = app_tenant_id() OR provider_id = app_provider_id())
  WITH CHECK (tenant_id = app_tenant_id() OR provider_id = app_provider_id());
CREATE POLICY web_own ON portal_session AS RESTRICTIVE FOR INSERT TO driftless_web WITH CHECK (user_id = app_user_id());

GRANT SELECT (id, provider_id, tenant_id, user_id, created_at, last_seen_at, expires_at, authenticated_at, factors, address, user_agent, challenge, challenge_expires_at, revoked_at, revoked_by_id), INSERT,
  UPDATE (authenticated_at, factors, challenge, challenge_expires_at, revoked_at, revoked_by_id) ON portal_session TO driftless_web;
GRANT SELECT, INSERT, DELETE, UPDATE (sealed_secret, confirmed_at, last_step, created_at) ON totp_secret TO driftless_web;
GRANT SELECT, INSERT, DELETE, UPDATE (name, counter, synced, last_used_at) ON passkey TO driftless_web;
GRANT SELECT, INSERT, DELETE, UPDATE (used_at) ON recovery_code TO driftless_web;
GRANT SELECT, DELETE ON portal_session, sign_in_ticket TO driftless_coordinator;

-- Who is shut out is as unknown at sign-in as somebody who never was there.
CREATE OR REPLACE FUNCTION find_sign_in(sought text)
RETURNS TABLE (id text, email text, name text, role "UserRole", password_hash text, tenant_id text, provider_id text, locale text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS
  $$ SELECT u.id, u.email, u.name, u.role, u.password_hash, u.tenant_id, u.provider_id, u.locale
     FROM portal_user u WHERE u.email = lower(sought) AND u.deactivated_at IS NULL $$;

-- The session behind a token with its person as they are NOW; nothing once it was ended, ran out, was not seen for
-- `idle_seconds`, or its person is shut out. `touch`: the person did something, the idle time begins anew.
CREATE FUNCTION find_session(sought text, idle_seconds integer, touch boolean)
RETURNS TABLE (id text, user_id text, email text, name text, role "UserRole", tenant_id text, provider_id text, factors text[], authenticated_at timestamptz, expires_at timestamptz,
  staff_second_factor "SecondFactorPolicy", customers_second_factor "SecondFactorPolicy", tenant_second_factor "SecondFactorPolicy")
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public AS $$
BEGIN
  -- Not at every request: a page asks every second.
  IF touch THEN
    UPDATE portal_session s SET last_seen_at = now() WHERE s.token_hash = sought AND s.revoked_at IS NULL AND s.expires_at > now()
      AND s.last_seen_at > now() - make_interval(secs => idle_seconds) AND s.last_seen_at < now() - interval '20 seconds';
  END IF;
  RETURN QUERY SELECT s.id, u.id, u.email, u.name, u.role, u.tenant_id, u.provider_id, s.factors::text[], s.authenticated_at, s.expires_at,
      p.staff_second_factor, p.customers_second_factor, t.second_factor
    FROM portal_session s JOIN portal_user u ON u.id = s.user_id JOIN provider p ON p.id = u.provider_id LEFT JOIN tenant t ON t.id = u.tenant_id
    WHERE s.token_hash = sought AND s.revoked_at IS NULL AND s.expires_at > now() AND s.last_seen_at > now() - make_interval(secs => idle_seconds) AND u.deactivated_at IS NULL;
END $$;

-- Begins a sign-in; forgets those that ended, and sessions that did a month ago.
CREATE FUNCTION open_sign_in_ticket(hash text, of_user text, with_challenge text, seconds integer) RETURNS void
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public AS $$
  DELETE FROM sign_in_ticket WHERE expires_at < now();
  DELETE FROM portal_session WHERE expires_at < now() - interval '30 days';
  INSERT INTO sign_in_ticket (token_hash, user_id, challenge, expires_at) VALUES (hash, of_user, with_challenge, now() + make_interval(secs => seconds));
$$;

-- One try of a sign-in that has begun: its challenge, and whose it is (null: nobody's yet). Nothing after `most_tries`.
CREATE FUNCTION try_sign_in_ticket(hash text, most_tries integer)
RETURNS TABLE (challenge text, id text, email text, name text, role "UserRole", tenant_id text, provider_id text)
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public AS $$
  WITH tried AS (
    UPDATE sign_in_ticket t SET tries = t.tries + 1 WHERE t.token_hash = hash AND t.used_at IS NULL AND t.expires_at > now() AND t.tries < most_tries RETURNING t.challenge, t.user_id)
  SELECT tried.challenge, u.id, u.email, u.name, u.role, u.tenant_id, u.provider_id
    FROM tried LEFT JOIN portal_user u ON u.id = tried.user_id WHERE tried.user_id IS NULL OR u.deactivated_at IS NULL;
$$;

-- Ends it; of many at once one gets true.
CREATE FUNCTION use_sign_in_ticket(hash text) RETURNS boolean
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public AS $$
  WITH used AS (UPDATE sign_in_ticket SET used_at = now() WHERE token_hash = hash AND used_at IS NULL AND expires_at > now() RETURNING 1)
  SELECT EXISTS (SELECT FROM used);
$$;

-- The passkey that a browser brought, and whose it is.
CREATE FUNCTION find_passkey(sought text)
RETURNS TABLE (credential_id text, public_key bytea, counter bigint, transports text[], id text, email text, name text, role "UserRole", tenant_id text, provider_id text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS $$
  SELECT k.credential_id, k.public_key, k.counter, k.transports, u.id, u.email, u.name, u.role, u.tenant_id, u.provider_id
    FROM passkey k JOIN portal_user u ON u.id = k.user_id WHERE k.credential_id = sought AND u.deactivated_at IS NULL;
$$;

-- A person changes their own password, if it still is the one they were asked for.
CREATE FUNCTION set_own_password(old_hash text, new_hash text) RETURNS boolean
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public AS $$
  WITH changed AS (UPDATE portal_user SET password_hash = new_hash WHERE id = app_user_id() AND password_hash = old_hash RETURNING 1)
  SELECT EXISTS (SELECT FROM changed);
$$;

-- Whoever runs a provider helps out somebody who has lost phone, key and codes. They see none of it; they can only take it away.
CREATE FUNCTION reset_factors(of_user text) RETURNS integer
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public AS $$
  WITH theirs AS (SELECT u.id FROM portal_user u WHERE u.id = of_user AND u.provider_id = app_provider_id()),
    apps AS (DELETE FROM totp_secret WHERE user_id IN (SELECT id FROM theirs) RETURNING 1),
    keys AS (DELETE FROM passkey WHERE user_id IN (SELECT id FROM theirs) RETURNING 1),
    codes AS (DELETE FROM recovery_code WHERE user_id IN (SELECT id FROM theirs) RETURNING 1)
  SELECT (SELECT count(*) FROM apps)::int + (SELECT count(*) FROM keys)::int;
$$;

REVOKE ALL ON FUNCTION find_session(text, integer, boolean), open_sign_in_ticket(text, text, text, integer), try_sign_in_ticket(text, integer), use_sign_in_ticket(text), find_passkey(text), set_own_password(text, text), reset_factors(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION find_session(text, integer, boolean), open_sign_in_ticket(text, text, text, integer), try_sign_in_ticket(text, integer), use_sign_in_ticket(text), find_passkey(text), set_own_password(text, text), reset_factors(text) TO driftless_web;
