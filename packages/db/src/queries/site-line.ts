import { z } from 'zod'
import type { ScopedTx } from '../scope.ts'

/** One look at what a line gave: an interval of an initial sync, which takes all it is given, or a short probe. Bytes per second. */
export type LineSample = { readonly at: Date; readonly bytesPerSecond: number; readonly kind: 'SYNC' | 'PROBE' }

/** Older copies say little about today's line. */
const RECENT_MS = 7 * 86_400_000
const INTERVAL_SECONDS = 10
/** A line's rate needs no more: newest first. */
const MOST_SYNCS = 2_000
const MOST_PROBES = 2_000

const row = z.object({ at: z.date(), rate: z.number() })

/** What the line of a source site gave in the last week, newest first, syncs before probes. Times without a sync say nothing; waves slowed on purpose do not count. */
export async function readLineSamples(tx: ScopedTx, siteId: string, now: Date): Promise<LineSample[]> {
  const from = new Date(now.getTime() - RECENT_MS)
  const syncs: unknown = await tx.db.$queryRaw`
    SELECT bucket AS at, rate FROM (
      SELECT bucket, sum(rate)::float8 AS rate, sum(background) AS background FROM (
        SELECT date_bin(make_interval(secs => ${INTERVAL_SECONDS}), s.at, 'epoch'::timestamptz) AS bucket, s.vm_id,
          avg(s.background_bytes_per_second + s.foreground_bytes_per_second) AS rate, avg(s.background_bytes_per_second) AS background
        FROM telemetry_sample s JOIN vm v ON v.id = s.vm_id JOIN migration m ON m.id = s.migration_id
          JOIN wave w ON w.id = m.wave_id AND w.rate_bytes_per_second IS NULL AND m.rate_bytes_per_second IS NULL
        WHERE v.site_id = ${siteId} AND s.at > ${from}
        GROUP BY 1, 2) AS vms
      GROUP BY bucket) AS buckets
    WHERE background > 0 ORDER BY bucket DESC LIMIT ${MOST_SYNCS}`
  const probes = await tx.db.linkProbe.findMany({ where: { siteId, at: { gt: from } }, orderBy: { at: 'desc' }, take: MOST_PROBES, select: { at: true, bytesPerSecond: true } })
  return [
    ...z.array(row).parse(syncs).map(({ at, rate }) => ({ at, bytesPerSecond: rate, kind: 'SYNC' as const })),
    ...probes.map(({ at, bytesPerSecond }) => ({ at, bytesPerSecond, kind: 'PROBE' as const })),
  ]
}
