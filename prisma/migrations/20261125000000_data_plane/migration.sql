-- Rates by the time of day at a site, and by VM; a limit on what slowing a guest may cost it; links that cannot keep up.
ALTER TABLE site ADD COLUMN rate_schedule jsonb, ADD COLUMN time_zone text;
ALTER TABLE site ADD CONSTRAINT site_schedule_has_zone CHECK (rate_schedule IS NULL OR time_zone IS NOT NULL);
ALTER TABLE wave ADD COLUMN guest_latency_limit_ms integer CHECK (guest_latency_limit_ms > 0);
ALTER TABLE migration ADD COLUMN rate_bytes_per_second bigint, ADD COLUMN guest_write_bytes_per_second bigint,
  ADD COLUMN not_converging_since timestamptz(3), ADD COLUMN converging_throttle_bytes_per_second bigint;

-- Agents hear at once of what concerns them; a verdict of the coordinator's is none of their business.
DROP TRIGGER wake_agents ON migration;
CREATE TRIGGER wake_agents AFTER INSERT OR UPDATE OF status, source_agent_id, target_agent_id, resume_status, network, cpus, memory_bytes,
  rate_bytes_per_second, guest_write_bytes_per_second
  ON migration FOR EACH ROW EXECUTE FUNCTION wake_for_migration();
DROP TRIGGER wake_agents ON wave;
CREATE TRIGGER wake_agents AFTER UPDATE OF paused, rate_bytes_per_second, guest_write_bytes_per_second, guest_latency_limit_ms, shutdown_seconds
  ON wave FOR EACH ROW EXECUTE FUNCTION wake_for_wave();
DROP TRIGGER wake_agents ON site;
CREATE TRIGGER wake_agents AFTER UPDATE OF link_rate_bytes_per_second, rate_schedule, time_zone ON site FOR EACH ROW EXECUTE FUNCTION wake_for_site();
