import { eta } from '@driftless/domain'
import type { Eta } from '@driftless/domain'
import { z } from 'zod'
import type { ScopedTx } from '../scope.ts'

/** Long enough to smooth a sweep's ups and downs, short enough to follow a changed limit. */
const ETA_WINDOW_SECONDS = 120
const BUCKET_SECONDS = 5
/** Two missed reports, and the rate is no longer "now". */
const NOW_SECONDS = 15

const row = z.object({ at: z.date(), background: z.number(), foreground: z.number(), dirtied: z.number() })

/** What goes over the line now, and how long the rest takes at the rates of the last two minutes. */
export async function readWaveRates(tx: ScopedTx, migrationIds: readonly string[], leftBytes: number, now: Date) {
  const rows: unknown = migrationIds.length === 0 ? [] : await tx.db.$queryRaw`
    SELECT at, sum(background)::float8 AS background, sum(foreground)::float8 AS foreground, sum(dirtied)::float8 AS dirtied FROM (
      SELECT date_bin(make_interval(secs => ${BUCKET_SECONDS}), at, 'epoch'::timestamptz) AS at, vm_id, avg(background_bytes_per_second) AS background,
        avg(foreground_bytes_per_second) AS foreground, sum(unique_write_bytes) / sum(interval_seconds) AS dirtied
      FROM telemetry_sample
      WHERE migration_id = ANY(${[...migrationIds]}) AND at > ${new Date(now.getTime() - ETA_WINDOW_SECONDS * 1000)} AND interval_seconds > 0
      GROUP BY 1, 2) AS vms
    GROUP BY at ORDER BY at`
  const points = z.array(row).parse(rows)
  const last = points.at(-1)
  const fresh = last && now.getTime() - last.at.getTime() <= (NOW_SECONDS + BUCKET_SECONDS) * 1000 ? last : undefined
  const left: Eta | null = eta(leftBytes, points.map((point) => point.background + point.foreground - point.dirtied))
  return { backgroundBytesPerSecond: fresh?.background ?? 0, foregroundBytesPerSecond: fresh?.foreground ?? 0, eta: left }
}
