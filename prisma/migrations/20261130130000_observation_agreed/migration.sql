-- An observation that somebody stopped before its time was up is kept as an estimate too, and says after how long that was.
ALTER TABLE estimate_record ADD COLUMN stopped_after_seconds double precision,
  ADD CONSTRAINT estimate_record_stopped CHECK (stopped_after_seconds IS NULL OR (estimate_id IS NOT NULL AND stopped_after_seconds >= 0));

-- The part of the time in which probes may fill a site's line is agreed with whoever the site is; 0: there are none.
ALTER TABLE site ADD COLUMN probe_share double precision NOT NULL DEFAULT 0.0025,
  ADD CONSTRAINT site_probe_share CHECK (probe_share >= 0 AND probe_share <= 0.01);
DROP TRIGGER wake_agents ON site;
CREATE TRIGGER wake_agents AFTER UPDATE OF link_rate_bytes_per_second, rate_schedule, time_zone, probe_share ON site FOR EACH ROW EXECUTE FUNCTION wake_for_site();
