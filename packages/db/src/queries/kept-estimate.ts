import { z } from 'zod'
import type { ScopedTx } from '../scope.ts'

/** Null: not within any time that anybody waits. */
const maybeRange = z.object({ p50: z.number().nullable(), p90: z.number().nullable() })
const range = z.object({ p50: z.number(), p90: z.number() })
const predicted = z.object({ enough: z.boolean(), identicalSeconds: maybeRange, uncorrectedSeconds: maybeRange, wireBytes: range, cutoverSeconds: range, downtimeSeconds: range, addedLatencyMs: range, convergesShare: z.number(), converges: z.boolean() })
/** What is kept of an estimate: of each VM, and of the whole. `convergesShare`: in how many of the runs it became identical, 0 to 1. `enough`: whether enough had been observed. */
export const keptPrediction = z.object({
  wave: predicted.extend({ remedy: z.object({ throttleBytesPerSecond: z.number().nullable(), startAtMs: z.number().nullable() }).nullable() }),
  vms: z.array(predicted.extend({ id: z.string() })),
  /** The chance that the cutovers fit the window that was booked; null: none was. */
  windowChance: z.number().nullable(),
})
export type KeptPrediction = z.infer<typeof keptPrediction>

const keptRow = z.object({ made_at: z.date(), stopped_after_seconds: z.number().nullable(), enough: z.boolean() })

/** What was kept when an observation ended: when, after how long it had been stopped (null: it was not), and whether enough had been seen for a range. Null: nothing. */
export async function readKeptEstimate(tx: ScopedTx, estimateId: string): Promise<{ readonly madeAt: Date; readonly stoppedAfterSeconds: number | null; readonly enough: boolean } | null> {
  const rows: unknown = await tx.db.$queryRaw`SELECT made_at, stopped_after_seconds, coalesce((predicted->'wave'->'enough')::boolean, false) AS enough FROM estimate_record WHERE estimate_id = ${estimateId}`
  const [kept] = z.array(keptRow).parse(rows)
  return kept === undefined ? null : { madeAt: kept.made_at, stoppedAfterSeconds: kept.stopped_after_seconds, enough: kept.enough }
}

/** What was kept when a wave was started; null: nothing, or by a version of before. */
export async function readKeptPrediction(tx: ScopedTx, waveId: string): Promise<{ readonly recordId: string; readonly madeAt: Date; readonly prediction: KeptPrediction } | null> {
  const row = await tx.db.estimateRecord.findFirst({ where: { waveId }, select: { id: true, madeAt: true, predicted: true } })
  const parsed = keptPrediction.safeParse(row?.predicted)
  return row && parsed.success ? { recordId: row.id, madeAt: row.madeAt, prediction: parsed.data } : null
}
