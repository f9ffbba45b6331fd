import type { ScopedTx } from '../scope.ts'

/** Samples are kept this long; older ones are neither taken in nor held. */
export const TELEMETRY_DAYS = 90
/** Clocks of sites run ahead by this much at most; a sample from further on is an error of its clock. */
const AHEAD_SECONDS = 300

export type SampleRow = {
  readonly vmRef: string
  readonly migrationId: string | null
  readonly atMs: number
  readonly intervalSeconds: number
  readonly backgroundBytesPerSecond: number
  readonly foregroundBytesPerSecond: number
  readonly backlogBytes: number
  readonly lagSeconds: number
  readonly guestWriteBytesPerSecond: number
  readonly uniqueWriteBytes: number
  readonly guestWriteLatencyMs: number | null
}

/**
 * Stores an agent's samples in one statement. Samples of VMs that its site does not have, from outside the kept time, or
 * already stored are left out; a migration that is not this agent's is not noted. Answers how many were new.
 */
export function storeSamples(tx: ScopedTx, agent: { readonly id: string; readonly siteId: string }, rows: readonly SampleRow[]): Promise<number> {
  if (rows.length === 0) return Promise.resolve(0)
  return tx.db.$executeRaw`
    INSERT INTO telemetry_sample (vm_id, at, provider_id, tenant_id, migration_id, interval_seconds, background_bytes_per_second, foreground_bytes_per_second,
      backlog_bytes, lag_seconds, guest_write_bytes_per_second, unique_write_bytes, guest_write_latency_ms)
    SELECT v.id, to_timestamp(said."atMs" / 1000.0), v.provider_id, v.tenant_id, m.id, said."intervalSeconds", said."backgroundBytesPerSecond", said."foregroundBytesPerSecond",
      said."backlogBytes", said."lagSeconds", said."guestWriteBytesPerSecond", said."uniqueWriteBytes", said."guestWriteLatencyMs"
    FROM jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) AS said("vmRef" text, "migrationId" text, "atMs" float8, "intervalSeconds" float8,
      "backgroundBytesPerSecond" float8, "foregroundBytesPerSecond" float8, "backlogBytes" bigint, "lagSeconds" float8,
      "guestWriteBytesPerSecond" float8, "uniqueWriteBytes" bigint, "guestWriteLatencyMs" float8)
    JOIN vm v ON v.site_id = ${agent.siteId} AND v.ref = said."vmRef"
    LEFT JOIN migration m ON m.id = said."migrationId" AND m.source_agent_id = ${agent.id} AND m.vm_id = v.id
    WHERE to_timestamp(said."atMs" / 1000.0) BETWEEN clock_timestamp() - make_interval(days => ${TELEMETRY_DAYS}) AND clock_timestamp() + make_interval(secs => ${AHEAD_SECONDS})
    ON CONFLICT DO NOTHING`
}
