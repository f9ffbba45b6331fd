-- A source's guest that did not shut down and was powered off, as its approvers had agreed: when, and on whose word.
ALTER TABLE cutover_attempt
  ADD COLUMN powered_off_at timestamptz(3),
  ADD COLUMN powered_off_by text,
  ADD CONSTRAINT cutover_attempt_powered_off CHECK ((powered_off_at IS NULL) = (powered_off_by IS NULL));
