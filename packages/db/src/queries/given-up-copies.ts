import { copyDisturbances } from '@driftless/domain'
import { z } from 'zod'
import type { ScopedTx } from '../scope.ts'
import { readCopyActuals } from './copy-actuals.ts'

/** Whoever gives up more of one site's copies has other troubles; the latest count. */
const MOST_COPIES = 50

const row = z.object({
  id: z.string(), vm_id: z.string(), wave_id: z.string(), started_at: z.date(), ended_at: z.date(), paused: z.boolean(),
  p50: z.number().nullable(), p90: z.number(), uncorrected_p50: z.number().nullable(), uncorrected_p90: z.number().nullable(),
})

/**
 * First copies of a site that people gave up after the P90 that had been said: they never ended, and without them the P90 would seem to hold
 * more often than it did. One that was given up earlier says nothing of its estimate.
 */
export async function readGivenUpCopies(tx: ScopedTx, siteId: string) {
  const rows: unknown = await tx.db.$queryRaw`
    SELECT m.id, m.vm_id, m.wave_id, m.started_at, m.ended_at, w.paused, (said #>> '{identicalSeconds,p50}')::float8 AS p50, (said #>> '{identicalSeconds,p90}')::float8 AS p90,
      (said #>> '{uncorrectedSeconds,p50}')::float8 AS uncorrected_p50, (said #>> '{uncorrectedSeconds,p90}')::float8 AS uncorrected_p90
    FROM migration m JOIN wave w ON w.id = m.wave_id JOIN estimate_record r ON r.wave_id = m.wave_id
      CROSS JOIN LATERAL jsonb_array_elements(CASE jsonb_typeof(r.predicted -> 'vms') WHEN 'array' THEN r.predicted -> 'vms' ELSE '[]' END) AS said
    WHERE w.site_id = ${siteId} AND m.status = 'CANCELLED' AND m.ready_at IS NULL AND m.started_at IS NOT NULL AND m.ended_at IS NOT NULL
      AND said ->> 'id' = m.vm_id AND (said ->> 'enough')::boolean AND extract(epoch FROM m.ended_at - m.started_at) > (said #>> '{identicalSeconds,p90}')::float8
    ORDER BY m.ended_at DESC, m.id LIMIT ${MOST_COPIES}`
  const copies = []
  for (const { id, vm_id: vmId, wave_id: waveId, started_at: from, ended_at: to, paused, p50, p90, uncorrected_p50: uncorrectedP50, uncorrected_p90: uncorrectedP90 } of z.array(row).parse(rows)) {
    const course = await readCopyActuals(tx, { id, vmId, waveId, siteId }, from, to)
    const disturbed: readonly string[] = copyDisturbances({ ...course, pausedAtStart: paused, seconds: (to.getTime() - from.getTime()) / 1000 })
    copies.push({ migrationId: id, quantity: 'TIME_TO_IDENTICAL' as const, p50, p90, uncorrectedP50, uncorrectedP90, actual: null, disturbed })
  }
  return copies
}
