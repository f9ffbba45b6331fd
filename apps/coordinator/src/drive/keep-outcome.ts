import { noteOutcomes, readCopyActuals, readKeptPrediction } from '@driftless/db'
import type { MigrationFacts, Outcome, ScopedTx } from '@driftless/db'
import { copyDisturbances, cutoverDisturbances } from '@driftless/domain'
import { z } from 'zod'

const reachedAt = z.record(z.string(), z.coerce.date())

/** Puts a first copy that has just caught up beside what was expected of it when its wave was started, in that transaction. */
export async function keepCopyOutcome(tx: ScopedTx, { migration, now }: MigrationFacts): Promise<void> {
  const kept = await keptOf(tx, migration)
  if (kept === null || migration.startedAt === null) return
  const { recordId, predicted } = kept
  const moved = { ...migration, siteId: migration.wave.siteId }
  const seconds = (now.getTime() - migration.startedAt.getTime()) / 1000
  const { addedLatencyMs, ...course } = await readCopyActuals(tx, moved, migration.startedAt, now)
  const outcomes: Outcome[] = [
    { quantity: 'TIME_TO_IDENTICAL', recordId, ...predicted.identicalSeconds, uncorrectedP50: predicted.uncorrectedSeconds.p50, uncorrectedP90: predicted.uncorrectedSeconds.p90, actual: seconds },
    { quantity: 'WIRE_BYTES', recordId, ...predicted.wireBytes, actual: migration.replications.reduce((sum, disk) => sum + Number(disk.sentBytes), 0) },
    ...(addedLatencyMs === null ? [] : [{ quantity: 'ADDED_LATENCY' as const, recordId, ...predicted.addedLatencyMs, actual: addedLatencyMs }]),
  ]
  await noteOutcomes(tx, moved, outcomes, copyDisturbances({ ...course, pausedAtStart: migration.wave.paused, seconds }))
}

/** Puts a cutover that has just been committed beside what was expected of it, in that transaction: with all its checks. What was waited for people before it began is not part of it. */
export async function keepCutoverOutcome(tx: ScopedTx, { migration, attempt, now }: MigrationFacts): Promise<void> {
  const kept = await keptOf(tx, migration)
  const began = reachedAt.safeParse(attempt?.reachedAt).data?.['SOURCE_QUIESCING']
  if (kept === null || attempt === null || began === undefined) return
  const { recordId, predicted } = kept
  await noteOutcomes(tx, { ...migration, siteId: migration.wave.siteId }, [{ quantity: 'CUTOVER', recordId, ...predicted.cutoverSeconds, actual: (now.getTime() - began.getTime()) / 1000 }], cutoverDisturbances(attempt))
}

async function keptOf(tx: ScopedTx, { waveId, vmId }: MigrationFacts['migration']) {
  const kept = await readKeptPrediction(tx, waveId)
  const predicted = kept?.prediction.vms.find((vm) => vm.id === vmId)
  // What said that it did not know enough yet promised nothing.
  return kept && predicted?.enough === true ? { recordId: kept.recordId, predicted } : null
}
