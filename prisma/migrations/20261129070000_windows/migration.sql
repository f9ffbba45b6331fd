-- Planning a cutover: what a wave agrees on beforehand, and what a booking holds.

CREATE TYPE "ShutdownRefusal" AS ENUM ('ABORT', 'WAIT', 'POWER_OFF');
CREATE TYPE "ValidationDefault" AS ENUM ('ACCEPT', 'ROLL_BACK');
CREATE TYPE "BookingKind" AS ENUM ('CUTOVER', 'TEST');
ALTER TYPE "CutoverMode" ADD VALUE 'SCHEDULED';

ALTER TABLE wave
  ADD COLUMN shutdown_refusal "ShutdownRefusal" NOT NULL DEFAULT 'ABORT',
  ADD COLUMN parallel_cutovers integer NOT NULL DEFAULT 1,
  ADD COLUMN validation_minutes integer NOT NULL DEFAULT 0,
  ADD COLUMN validation_default "ValidationDefault" NOT NULL DEFAULT 'ACCEPT',
  ADD COLUMN keep_way_back boolean NOT NULL DEFAULT false,
  ADD CONSTRAINT wave_agreement CHECK (parallel_cutovers BETWEEN 1 AND 20 AND validation_minutes BETWEEN 0 AND 20160);

ALTER TABLE migration
  ADD COLUMN depends_on_ids text[] NOT NULL DEFAULT '{}',
  ADD COLUMN apart_group text,
  ADD COLUMN cutover_at timestamptz(3),
  ADD COLUMN validation_ends_at timestamptz(3);

ALTER TABLE booking
  ADD COLUMN kind "BookingKind" NOT NULL DEFAULT 'CUTOVER',
  ADD COLUMN slot_id text,
  ADD COLUMN cutovers integer NOT NULL DEFAULT 1,
  ADD COLUMN bandwidth_bytes_per_second bigint,
  ADD COLUMN staff integer NOT NULL DEFAULT 0,
  ADD COLUMN expires_at timestamptz(3),
  ADD COLUMN asked_starts_at timestamptz(3),
  ADD COLUMN asked_ends_at timestamptz(3),
  ADD COLUMN revision integer NOT NULL DEFAULT 0,
  ADD CONSTRAINT booking_holds CHECK (cutovers >= 0 AND staff >= 0 AND bandwidth_bytes_per_second >= 0);
