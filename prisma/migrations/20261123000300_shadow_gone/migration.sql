-- After a failed attempt the source is powered on only when the target has confirmed that no shadow VM runs.
ALTER TABLE cutover_attempt ADD COLUMN shadow_gone_at timestamptz(3);
UPDATE cutover_attempt SET shadow_gone_at = coalesce(source_returned_at, status_changed_at) WHERE status = 'ROLLED_BACK';

DROP TRIGGER wake_agents ON cutover_attempt;
CREATE TRIGGER wake_agents AFTER INSERT OR UPDATE OF status, source_returned_at, shadow_gone_at
  ON cutover_attempt FOR EACH ROW EXECUTE FUNCTION wake_for_attempt();
