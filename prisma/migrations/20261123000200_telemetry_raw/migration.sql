-- The roll-up looks for the oldest raw samples every minute; among 90 days of minutes it must not search for them.
CREATE INDEX telemetry_raw ON telemetry_sample (at) WHERE interval_seconds < 60;
