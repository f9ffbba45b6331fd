import { z } from 'zod'
import type { ScopedTx } from '../scope.ts'

/** What a chart of a screen's width can show. */
const MOST_POINTS = 300
/** Agents report every few seconds: narrower buckets would hold some VMs and not others. */
const NARROWEST_SECONDS = 5
/** Samples older than two hours are kept by the minute. */
const ROLLED_UP_AFTER_MS = 2 * 3_600_000
const ROLLED_UP_SECONDS = 60

export type StatisticsQuestion = { readonly waveId: string; readonly vmId: string | null; readonly from: Date; readonly to: Date }

const row = z.object({ at: z.date(), background: z.number(), foreground: z.number(), backlog: z.number(), lag: z.number(), latency: z.number().nullable(), written: z.number() })

/**
 * A wave's telemetry (one VM's where `vmId` is set) in at most 300 buckets: rates and backlog of its VMs added up, lag and
 * latency of the worst of them. Bytes, bytes per second, seconds, milliseconds.
 */
export async function readTelemetry(tx: ScopedTx, question: StatisticsQuestion, now: Date) {
  const { from, to, waveId, vmId } = question
  const narrowest = now.getTime() - from.getTime() > ROLLED_UP_AFTER_MS ? ROLLED_UP_SECONDS : NARROWEST_SECONDS
  const bucketSeconds = Math.max(narrowest, Math.ceil((to.getTime() - from.getTime()) / 1000 / MOST_POINTS))
  const migrations = await tx.db.migration.findMany({ where: { waveId, ...(vmId === null ? {} : { vmId }) }, select: { id: true } })
  if (migrations.length === 0 || to <= from) return { bucketSeconds, points: [] }
  const rows: unknown = await tx.db.$queryRaw`
    SELECT at, sum(background)::float8 AS background, sum(foreground)::float8 AS foreground, sum(backlog)::float8 AS backlog, max(lag)::float8 AS lag,
      max(latency)::float8 AS latency, sum(written)::float8 AS written
    FROM (
      SELECT date_bin(make_interval(secs => ${bucketSeconds}), at, 'epoch'::timestamptz) AS at, vm_id, avg(background_bytes_per_second) AS background,
        avg(foreground_bytes_per_second) AS foreground, avg(backlog_bytes) AS backlog, max(lag_seconds) AS lag, max(guest_write_latency_ms) AS latency, avg(guest_write_bytes_per_second) AS written
      FROM telemetry_sample
      WHERE migration_id = ANY(${migrations.map(({ id }) => id)}) AND at > ${from} AND at <= ${to}
      GROUP BY 1, 2) AS vms
    GROUP BY at ORDER BY at`
  const points = z.array(row).parse(rows).map((one) => ({
    atMs: one.at.getTime(), backgroundBytesPerSecond: one.background, foregroundBytesPerSecond: one.foreground, backlogBytes: one.backlog,
    lagSeconds: one.lag, guestWriteLatencyMs: one.latency, guestWriteBytesPerSecond: one.written,
  }))
  return { bucketSeconds, points }
}

const forecast = z.object({
  usedBytes: z.number(),
  replicationSeconds: z.object({ p50: z.number().nullable(), p90: z.number().nullable() }),
  cutoverSeconds: z.object({ p50: z.number(), p90: z.number() }),
  /** Absent in what versions before kept. */
  wireBytes: z.object({ p50: z.number(), p90: z.number() }).optional(),
  enough: z.boolean().optional(),
})

/** The forecast that the customer saw when the wave was started; null where none was kept. */
export async function readKeptForecast(tx: ScopedTx, waveId: string) {
  const wave = await tx.db.wave.findUnique({ where: { id: waveId }, select: { estimate: true } })
  const parsed = forecast.safeParse(wave?.estimate)
  return parsed.success ? parsed.data : null
}
