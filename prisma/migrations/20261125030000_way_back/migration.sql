-- After the cutover, on request: what the shadow VM writes flows back to the source's disks, so that a return loses nothing.
ALTER TABLE migration ADD COLUMN way_back_since timestamptz(3);

DROP TRIGGER wake_agents ON migration;
CREATE TRIGGER wake_agents AFTER INSERT OR UPDATE OF status, source_agent_id, target_agent_id, resume_status, network, cpus, memory_bytes,
  rate_bytes_per_second, guest_write_bytes_per_second, way_back_since
  ON migration FOR EACH ROW EXECUTE FUNCTION wake_for_migration();
