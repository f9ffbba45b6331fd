-- What a provider publishes for a target site, and slots that hold capacity. No writer of a booking can take more of a
-- slot than it has, or share a moment with a time that is another's: a trigger keeps the counts, and locks what it counts.

CREATE TABLE site_calendar (
  site_id text NOT NULL PRIMARY KEY,
  provider_id text NOT NULL,
  zone text NOT NULL,
  patterns jsonb NOT NULL,
  exceptions jsonb NOT NULL,
  blackouts jsonb NOT NULL,
  notice_hours integer NOT NULL DEFAULT 0,
  hold_hours integer NOT NULL DEFAULT 48,
  own_times boolean NOT NULL DEFAULT true,
  revision integer NOT NULL DEFAULT 1,
  CONSTRAINT site_calendar_hours CHECK (notice_hours BETWEEN 0 AND 2160 AND hold_hours BETWEEN 1 AND 2160)
);

-- A slot is made when it is first booked, and keeps the terms it was published with, whatever the calendar says later.
CREATE TABLE window_slot (
  id text NOT NULL PRIMARY KEY,
  provider_id text NOT NULL,
  target_site_id text NOT NULL,
  slot_key text NOT NULL,
  starts_at timestamptz(3) NOT NULL,
  ends_at timestamptz(3) NOT NULL,
  lockout_at timestamptz(3) NOT NULL,
  cutovers integer NOT NULL,
  bandwidth_bytes_per_second bigint,
  staff integer,
  held_bookings integer NOT NULL DEFAULT 0,
  held_cutovers integer NOT NULL DEFAULT 0,
  held_bandwidth_bytes_per_second bigint NOT NULL DEFAULT 0,
  held_staff integer NOT NULL DEFAULT 0,
  CONSTRAINT window_slot_target_site_id_slot_key_key UNIQUE (target_site_id, slot_key),
  CONSTRAINT window_slot_order CHECK (starts_at < ends_at AND lockout_at BETWEEN starts_at AND ends_at),
  CONSTRAINT booking_slot_full CHECK (
    held_bookings >= 0 AND held_cutovers BETWEEN 0 AND cutovers
    AND held_bandwidth_bytes_per_second >= 0 AND (bandwidth_bytes_per_second IS NULL OR held_bandwidth_bytes_per_second <= bandwidth_bytes_per_second)
    AND held_staff >= 0 AND (staff IS NULL OR held_staff <= staff))
);

ALTER TABLE site_calendar ADD CONSTRAINT site_calendar_site_id_fkey FOREIGN KEY (site_id) REFERENCES site(id) ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE window_slot ADD CONSTRAINT window_slot_target_site_id_fkey FOREIGN KEY (target_site_id) REFERENCES site(id) ON DELETE RESTRICT ON UPDATE CASCADE;
ALTER TABLE booking ADD CONSTRAINT booking_slot_id_fkey FOREIGN KEY (slot_id) REFERENCES window_slot(id) ON DELETE RESTRICT ON UPDATE CASCADE;
CREATE INDEX window_slot_times ON window_slot USING gist (target_site_id, tstzrange(starts_at, ends_at));
CREATE INDEX booking_slot ON booking (slot_id);

-- Times of their own: one wave a target site at a time, as ever. What lies in a slot is counted there.
ALTER TABLE booking DROP CONSTRAINT booking_slot_taken;
ALTER TABLE booking ADD CONSTRAINT booking_slot_taken
  EXCLUDE USING gist (target_site_id WITH =, tstzrange(starts_at, ends_at) WITH &&)
  WHERE (slot_id IS NULL AND status IN ('REQUESTED', 'COUNTER_OFFERED', 'APPROVED', 'LOCKED', 'IN_PROGRESS'));

DO $do$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['site_calendar', 'window_slot'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY web ON %I TO driftless_web USING (provider_id = app_provider_id()) WITH CHECK (provider_id = app_provider_id())', t);
    EXECUTE format('CREATE POLICY coordinator ON %I TO driftless_coordinator USING (true) WITH CHECK (true)', t);
    EXECUTE format('CREATE POLICY owner ON %I TO CURRENT_USER USING (true) WITH CHECK (true)', t);
  END LOOP;
END $do$;

-- Both are the provider's. A customer sees them where its destinations lead, and makes a slot by booking it first.
CREATE POLICY web_destination_calendars ON site_calendar FOR SELECT TO driftless_web
  USING (site_id IN (SELECT target_site_id FROM destination WHERE tenant_id = app_tenant_id()));
CREATE POLICY web_destination_slots ON window_slot FOR SELECT TO driftless_web
  USING (target_site_id IN (SELECT target_site_id FROM destination WHERE tenant_id = app_tenant_id()));
CREATE POLICY web_destination_new_slots ON window_slot FOR INSERT TO driftless_web
  WITH CHECK ((target_site_id, provider_id) IN (SELECT target_site_id, provider_id FROM destination WHERE tenant_id = app_tenant_id()));

GRANT SELECT, INSERT, UPDATE (zone, patterns, exceptions, blackouts, notice_hours, hold_hours, own_times, revision), DELETE ON site_calendar TO driftless_web;
GRANT SELECT, INSERT (id, provider_id, target_site_id, slot_key, starts_at, ends_at, lockout_at, cutovers, bandwidth_bytes_per_second, staff), UPDATE (starts_at, ends_at, lockout_at, cutovers, bandwidth_bytes_per_second, staff) ON window_slot TO driftless_web;
GRANT SELECT ON site_calendar, window_slot TO driftless_coordinator;

-- The order of locks, everywhere: the wave, its booking, the site's times, the slots by their ids. Whoever takes a time that
-- nobody counts yet (one of their own, a new slot, another calendar) has the site to itself; whoever books a slot shares it.
CREATE FUNCTION lock_site_times(site text, alone boolean) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF alone THEN PERFORM pg_advisory_xact_lock(hashtextextended('site times ' || site, 0));
  ELSE PERFORM pg_advisory_xact_lock_shared(hashtextextended('site times ' || site, 0)); END IF;
END $$;

CREATE FUNCTION make_slot() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM lock_site_times(NEW.target_site_id, true);
  RETURN NEW;
END $$;
CREATE TRIGGER make_slot BEFORE INSERT ON window_slot FOR EACH ROW EXECUTE FUNCTION make_slot();

CREATE FUNCTION booking_holds(status "BookingStatus") RETURNS boolean LANGUAGE sql IMMUTABLE AS
  $$ SELECT status IN ('REQUESTED', 'COUNTER_OFFERED', 'APPROVED', 'LOCKED', 'IN_PROGRESS') $$;

CREATE FUNCTION hold_slot() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
DECLARE
  held boolean := false;
  holds boolean := false;
  given_up text;
BEGIN
  IF TG_OP <> 'INSERT' THEN held := booking_holds(OLD.status); END IF;
  IF TG_OP <> 'DELETE' THEN holds := booking_holds(NEW.status); END IF;
  IF held AND holds THEN
    IF (OLD.slot_id, OLD.target_site_id, OLD.starts_at, OLD.ends_at, OLD.lockout_at, OLD.cutovers, OLD.bandwidth_bytes_per_second, OLD.staff)
      IS NOT DISTINCT FROM (NEW.slot_id, NEW.target_site_id, NEW.starts_at, NEW.ends_at, NEW.lockout_at, NEW.cutovers, NEW.bandwidth_bytes_per_second, NEW.staff) THEN RETURN NEW; END IF;
  END IF;
  IF held THEN given_up := OLD.slot_id; END IF;
  IF holds THEN PERFORM lock_site_times(NEW.target_site_id, NEW.slot_id IS NULL); END IF;
  IF holds THEN
    PERFORM 1 FROM window_slot s
      WHERE s.id = given_up OR (s.target_site_id = NEW.target_site_id AND tstzrange(s.starts_at, s.ends_at) && tstzrange(NEW.starts_at, NEW.ends_at))
      ORDER BY s.id FOR UPDATE;
  END IF;
  IF given_up IS NOT NULL THEN
    UPDATE window_slot s SET held_bookings = s.held_bookings - 1, held_cutovers = s.held_cutovers - OLD.cutovers,
      held_bandwidth_bytes_per_second = s.held_bandwidth_bytes_per_second - coalesce(OLD.bandwidth_bytes_per_second, 0), held_staff = s.held_staff - OLD.staff
      WHERE s.id = given_up;
  END IF;
  IF NOT holds THEN RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END; END IF;

  IF EXISTS (SELECT FROM window_slot s WHERE s.id IS DISTINCT FROM NEW.slot_id AND s.held_bookings > 0 AND s.target_site_id = NEW.target_site_id AND tstzrange(s.starts_at, s.ends_at) && tstzrange(NEW.starts_at, NEW.ends_at))
    OR (NEW.slot_id IS NOT NULL AND EXISTS (SELECT FROM booking b WHERE b.slot_id IS NULL AND b.id <> NEW.id AND booking_holds(b.status) AND b.target_site_id = NEW.target_site_id AND tstzrange(b.starts_at, b.ends_at) && tstzrange(NEW.starts_at, NEW.ends_at)))
  THEN
    RAISE EXCEPTION 'booking_slot_taken: another time of this site overlaps and is booked' USING ERRCODE = 'exclusion_violation';
  END IF;
  IF NEW.slot_id IS NOT NULL THEN
    UPDATE window_slot s SET held_bookings = s.held_bookings + 1, held_cutovers = s.held_cutovers + NEW.cutovers,
      held_bandwidth_bytes_per_second = s.held_bandwidth_bytes_per_second + coalesce(NEW.bandwidth_bytes_per_second, 0), held_staff = s.held_staff + NEW.staff
      WHERE s.id = NEW.slot_id AND s.target_site_id = NEW.target_site_id AND (s.starts_at, s.ends_at, s.lockout_at) = (NEW.starts_at, NEW.ends_at, NEW.lockout_at);
    IF NOT FOUND THEN RAISE EXCEPTION 'booking_slot_differs: a booking has the times of its slot' USING ERRCODE = 'check_violation'; END IF;
  END IF;
  RETURN NEW;
END $$;
REVOKE ALL ON FUNCTION hold_slot() FROM PUBLIC;
CREATE TRIGGER hold_slot BEFORE INSERT OR UPDATE OR DELETE ON booking FOR EACH ROW EXECUTE FUNCTION hold_slot();

-- What a customer sees of others' times is when, never whose: here those of their own; a slot's row says what is left of it.
CREATE OR REPLACE FUNCTION taken_slots(site text, from_at timestamptz, to_at timestamptz)
RETURNS TABLE (starts_at timestamptz, ends_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS
  $$ SELECT b.starts_at, b.ends_at FROM booking b
     WHERE b.target_site_id = site AND b.slot_id IS NULL AND booking_holds(b.status)
       AND b.starts_at < to_at AND b.ends_at > from_at ORDER BY 1 LIMIT 500 $$;

INSERT INTO webhook_event (action, after, event_type) VALUES
  ('booking.offer', '', 'booking.counter-offered'),
  ('booking.accept', '', 'booking.accepted');
