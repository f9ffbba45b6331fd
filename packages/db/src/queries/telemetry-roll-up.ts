import type { ScopedTx } from '../scope.ts'
import { TELEMETRY_DAYS } from './telemetry-samples.ts'

/** Charts of the last two hours show every sample; older ones show minutes. */
const RAW_HOURS = 2
/** What a row of a minute says. That shorter ones are raw stands in the SQL as a number: the index of raw rows needs it so. */
const MINUTE_SECONDS = 60
/** Minutes of samples taken at a time, so that one run is short even after a day without. */
const MINUTES_A_RUN = 30
/** Expired rows removed at a time. */
const EXPIRED_A_RUN = 20_000
/** Any number; the same for everybody who rolls up, so that only one does. */
const ROLL_UP_LOCK = 4_601_001

/**
 * Replaces raw samples older than two hours by one row a minute in the same table: `interval_seconds` 60, `at` the
 * minute's last millisecond, rates averaged over the measured time, backlog, lag and latency at their worst. Rows older than
 * 90 days go. Answers whether there is more to do; false as well while another coordinator is at it.
 */
export async function rollUpTelemetry(tx: ScopedTx): Promise<boolean> {
  const locked = await tx.db.$executeRaw`SELECT 1 WHERE pg_try_advisory_xact_lock(${ROLL_UP_LOCK})`
  if (locked !== 1) return false
  const rolled = await tx.db.$executeRaw`
    WITH span AS (
      SELECT date_trunc('minute', min(at)) AS from_at FROM telemetry_sample WHERE interval_seconds < 60
    ), raw AS (
      DELETE FROM telemetry_sample s USING span
      WHERE s.interval_seconds < 60 AND s.at >= span.from_at AND s.at < span.from_at + make_interval(mins => ${MINUTES_A_RUN})
        AND s.at < date_trunc('minute', clock_timestamp()) - make_interval(hours => ${RAW_HOURS})
      RETURNING s.*
    )
    INSERT INTO telemetry_sample (vm_id, at, provider_id, tenant_id, migration_id, interval_seconds, background_bytes_per_second, foreground_bytes_per_second,
      backlog_bytes, lag_seconds, guest_write_bytes_per_second, unique_write_bytes, guest_write_latency_ms)
    SELECT vm_id, date_trunc('minute', at) + interval '59.999 seconds', provider_id, tenant_id, max(migration_id), ${MINUTE_SECONDS}::float8,
      sum(background_bytes_per_second * interval_seconds) / sum(interval_seconds), sum(foreground_bytes_per_second * interval_seconds) / sum(interval_seconds),
      max(backlog_bytes), max(lag_seconds), sum(guest_write_bytes_per_second * interval_seconds) / sum(interval_seconds),
      (sum(unique_write_bytes) / sum(interval_seconds) * ${MINUTE_SECONDS}::float8)::bigint, max(guest_write_latency_ms)
    FROM raw GROUP BY vm_id, provider_id, tenant_id, date_trunc('minute', at)
    ON CONFLICT DO NOTHING`
  const expired = await tx.db.$executeRaw`
    DELETE FROM telemetry_sample WHERE (vm_id, at) IN (
      SELECT vm_id, at FROM telemetry_sample WHERE at < clock_timestamp() - make_interval(days => ${TELEMETRY_DAYS}) LIMIT ${EXPIRED_A_RUN})`
  return rolled > 0 || expired === EXPIRED_A_RUN
}
