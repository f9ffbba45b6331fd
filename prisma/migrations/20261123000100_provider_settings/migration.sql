-- A provider's administrators name and colour their portal. Everybody reads every provider's (sign-in shows it),
-- and only a transaction in that provider's own scope changes it.
ALTER TABLE provider ENABLE ROW LEVEL SECURITY;
ALTER TABLE provider FORCE ROW LEVEL SECURITY;
CREATE POLICY web_read ON provider FOR SELECT TO driftless_web USING (true);
CREATE POLICY web_update ON provider FOR UPDATE TO driftless_web USING (id = app_provider_id()) WITH CHECK (id = app_provider_id());
CREATE POLICY coordinator ON provider TO driftless_coordinator USING (true) WITH CHECK (true);
CREATE POLICY owner ON provider TO CURRENT_USER USING (true) WITH CHECK (true);
GRANT UPDATE (name, accent_color) ON provider TO driftless_web;
