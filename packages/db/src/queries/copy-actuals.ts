import type { MoveEntry } from '@driftless/domain'
import { z } from 'zod'
import type { ScopedTx } from '../scope.ts'

/** What was normal for a guest before it was copied. */
const BEFORE_MS = 86_400_000
/** Nobody changes limits more often in one move; whether any was is what counts. */
const MOST_ENTRIES = 200

type Moved = { readonly id: string; readonly vmId: string; readonly waveId: string; readonly siteId: string }
const told = z.tuple([z.object({ heard: z.number().nullable(), during: z.number().nullable(), before: z.number().nullable() })])

/** What happened to a VM and its wave and site between two instants, whether its seed travelled by device, how long of it its agent was heard, and what writes took longer than the day before (null: not measured). */
export async function readCopyActuals(tx: ScopedTx, { id, vmId, waveId, siteId }: Moved, from: Date, to: Date): Promise<{ readonly entries: readonly MoveEntry[]; readonly byDevice: boolean; readonly heardSeconds: number; readonly addedLatencyMs: number | null }> {
  const entries = await tx.db.auditEntry.findMany({ where: { subjectId: { in: [id, waveId, siteId] }, at: { gt: from, lte: to } }, select: { action: true, after: true }, orderBy: { id: 'asc' }, take: MOST_ENTRIES })
  const [{ heard, during, before }] = told.parse(await tx.db.$queryRaw`
    SELECT sum(interval_seconds) FILTER (WHERE at > ${from})::float8 AS heard,
      avg(guest_write_latency_ms) FILTER (WHERE at > ${from})::float8 AS during, avg(guest_write_latency_ms) FILTER (WHERE at <= ${from})::float8 AS before
    FROM telemetry_sample WHERE vm_id = ${vmId} AND at > ${new Date(from.getTime() - BEFORE_MS)} AND at <= ${to} AND interval_seconds > 0`)
  const byDevice = (await tx.db.shipmentVm.count({ where: { migrationId: id } })) > 0
  return { entries, byDevice, heardSeconds: heard ?? 0, addedLatencyMs: during === null || before === null ? null : Math.max(0, during - before) }
}
