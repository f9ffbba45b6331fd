import { z } from 'zod'
import type { ScopedTx } from '../scope.ts'

/** A time in which a VM was not, or not wholly, observed. */
export type ObservationGap = { readonly vmId: string; readonly from: Date; readonly to: Date; readonly unseenSeconds: number }

/** A page names no more; the earliest. */
const MOST_GAPS = 1_000
/** A minute whose end comes this much late is whole: clocks tick late. */
const UNSEEN_SHARE = 0.01
/** Until a new tap is on, and until a minute that is over was told with the next report, its absence says nothing. */
const REPORT_SECONDS = 20

const row = z.object({ vm_id: z.string(), from_at: z.date(), to_at: z.date(), unseen: z.number() })

/** The gaps in the observation of VMs between two instants, oldest first, a VM's neighbouring ones as one. A VM that was never observed has one gap. */
export async function readObservationGaps(tx: ScopedTx, vmIds: readonly string[], from: Date, to: Date): Promise<ObservationGap[]> {
  if (vmIds.length === 0 || to <= from) return []
  const rows: unknown = await tx.db.$queryRaw`
    WITH minutes AS (
      SELECT vm_id, minute, minute + make_interval(secs => length_seconds) AS ends, length_seconds, length_seconds - covered_seconds AS unseen,
        lag(minute + make_interval(secs => length_seconds)) OVER by_time AS before, lead(minute) OVER by_time IS NULL AS is_last
      FROM vm_observation WHERE vm_id = ANY(${[...vmIds]}) AND minute > ${from}::timestamptz - interval '1 minute' AND minute < ${to}
      WINDOW by_time AS (PARTITION BY vm_id ORDER BY minute)
    ), notable AS MATERIALIZED ( -- most minutes are whole and follow one another: they are passed over once
      SELECT * FROM minutes WHERE before IS NULL OR is_last OR minute > before OR unseen > ${UNSEEN_SHARE}::float8 * length_seconds
    ), gaps AS (
      SELECT vm_id, before AS from_at, minute AS to_at, extract(epoch FROM minute - before)::float8 AS unseen FROM notable WHERE minute > before
      UNION ALL
      -- The first minute is part of one: the tap was put on in it.
      SELECT vm_id, ${from}, minute, extract(epoch FROM minute - ${from}::timestamptz)::float8 FROM notable
      WHERE before IS NULL AND minute > ${from}::timestamptz + make_interval(secs => length_seconds + ${REPORT_SECONDS}::float8)
      UNION ALL
      SELECT vm_id, minute, ends, unseen FROM notable WHERE before IS NOT NULL AND unseen > ${UNSEEN_SHARE}::float8 * length_seconds
      UNION ALL
      SELECT v.vm_id, coalesce(max(m.ends), ${from}), ${to}, extract(epoch FROM ${to}::timestamptz - coalesce(max(m.ends), ${from}))::float8
      FROM unnest(${[...vmIds]}::text[]) AS v(vm_id) LEFT JOIN notable m ON m.vm_id = v.vm_id AND m.is_last
      GROUP BY v.vm_id HAVING coalesce(max(m.ends) + make_interval(secs => max(m.length_seconds) + ${REPORT_SECONDS}::float8), ${from}) < ${to}
    )
    SELECT vm_id, from_at, to_at, unseen FROM gaps ORDER BY vm_id, from_at, to_at LIMIT ${MOST_GAPS}`
  const gaps: ObservationGap[] = []
  for (const { vm_id: vmId, from_at: start, to_at: end, unseen } of z.array(row).parse(rows)) {
    const before = gaps.at(-1)
    if (before?.vmId === vmId && before.to >= start) gaps[gaps.length - 1] = { ...before, to: end, unseenSeconds: before.unseenSeconds + unseen }
    else gaps.push({ vmId, from: start, to: end, unseenSeconds: unseen })
  }
  return gaps
}
