-- What a wave's copies get of a target site's line depends on all others into it. A customer learns what each asks for at most (null: all
-- it can get), never whose it is: the portal makes one figure of it.
CREATE FUNCTION copies_into(site text, except_wave text)
RETURNS TABLE (wants_bytes_per_second bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS
  $$ SELECT least(w.rate_bytes_per_second, s.link_rate_bytes_per_second)
     FROM wave w JOIN destination d ON d.id = w.destination_id JOIN site s ON s.id = w.site_id
     WHERE d.target_site_id = site AND w.id IS DISTINCT FROM except_wave AND w.started_at IS NOT NULL AND NOT w.paused
       AND EXISTS (SELECT 1 FROM migration m WHERE m.wave_id = w.id AND m.started_at IS NOT NULL AND m.ready_at IS NULL
                   AND m.status NOT IN ('COMPLETED', 'ROLLED_BACK', 'FAILED', 'CANCELLED', 'BLOCKED'))
     ORDER BY w.started_at DESC LIMIT 50 $$;
REVOKE ALL ON FUNCTION copies_into(text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION copies_into(text, text) TO driftless_web, driftless_coordinator;
