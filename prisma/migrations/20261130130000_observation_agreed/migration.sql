-- An observation that somebody stopped before its time was up is kept as an estimate too, and says after how long that was.
ALTER TABLE estimate_record ADD COLUMN stopped_after_seconds double precision,
  ADD CONSTRAINT estimate_record_stopped CHECK (stopped_after_seconds IS NULL OR (estimate_id IS NOT NULL AND stopped_after_seconds >= 0));
