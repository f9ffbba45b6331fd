-- Who a person is, beyond a password: what their organisation demands at sign-in, and that they may be shut out.

CREATE TYPE "SecondFactorPolicy" AS ENUM ('OPTIONAL', 'REQUIRED', 'PASSKEY');

-- The strictest that concerns a person counts: staff by their provider's own, customers by their provider's and their tenant's.
ALTER TABLE provider
  ADD COLUMN staff_second_factor "SecondFactorPolicy" NOT NULL DEFAULT 'OPTIONAL',
  ADD COLUMN customers_second_factor "SecondFactorPolicy" NOT NULL DEFAULT 'OPTIONAL';
ALTER TABLE tenant ADD COLUMN second_factor "SecondFactorPolicy" NOT NULL DEFAULT 'OPTIONAL';

-- No password: the person signs in by passkey or by their organisation's sign-on.
ALTER TABLE portal_user ALTER COLUMN password_hash DROP NOT NULL;
ALTER TABLE portal_user ADD COLUMN deactivated_at timestamptz(3);
GRANT SELECT (deactivated_at) ON portal_user TO driftless_web;

-- The person on whose behalf a transaction runs; rows that are somebody's own are bound to it.
CREATE FUNCTION app_user_id() RETURNS text LANGUAGE sql STABLE AS
  $$ SELECT nullif(current_setting('app.user_id', true), '') $$;
