import type { MeasuredCutovers } from '@driftless/domain'
import { z } from 'zod'
import type { ScopedTx } from '../scope.ts'

/** Enough for a 90th percentile, and recent enough to speak of today's guests. */
const MOST_ATTEMPTS = 100

const row = z.object({ shutdown: z.number().nullable(), start: z.number().nullable() })

/** How long guests of this source site took to shut down, and to start at the target, in its latest cutovers that ended well. Seconds. */
export async function readMeasuredCutovers(tx: ScopedTx, siteId: string): Promise<MeasuredCutovers> {
  const rows: unknown = await tx.db.$queryRaw`
    SELECT extract(epoch FROM (a.reached_at->>'SOURCE_OFF')::timestamptz - (a.reached_at->>'SOURCE_QUIESCING')::timestamptz)::float8 AS shutdown,
      extract(epoch FROM (a.reached_at->>'VALIDATING')::timestamptz - (a.reached_at->>'TARGET_BOOTING')::timestamptz)::float8 AS start
    FROM cutover_attempt a JOIN migration m ON m.id = a.migration_id JOIN wave w ON w.id = m.wave_id
    WHERE w.site_id = ${siteId} AND a.status = 'COMMITTED' ORDER BY a.id DESC LIMIT ${MOST_ATTEMPTS}`
  const attempts = z.array(row).parse(rows)
  return { shutdownSeconds: attempts.flatMap(({ shutdown }) => shutdown ?? []), startSeconds: attempts.flatMap(({ start }) => start ?? []) }
}
