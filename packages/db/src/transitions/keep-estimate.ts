import type { OutcomeQuantity } from '@driftless/domain'
import type { Prisma } from '../generated/client.ts'
import type { ScopedTx } from '../scope.ts'

/** What an estimate was made for: an observation that ended, or was stopped after some time (null: it was not), or a wave that was started. */
export type EstimateSubject = { readonly estimateId: string; readonly stoppedAfterSeconds: number | null } | { readonly waveId: string }
export type KeptEstimate = EstimateSubject & {
  readonly providerId: string
  readonly tenantId: string
  readonly siteId: string
  /** Which version of the simulation made it. */
  readonly model: string
  /** All that is needed to make it again. */
  readonly inputs: Prisma.InputJsonObject
  readonly predicted: Prisma.InputJsonObject
}

/** Keeps an estimate with what it was made of, for good; the caller's transaction ends the observation or starts the wave, once. */
export async function keepEstimate(tx: ScopedTx, kept: KeptEstimate): Promise<void> {
  await tx.db.estimateRecord.create({ data: kept })
}

export type Outcome = {
  readonly quantity: OutcomeQuantity
  readonly recordId: string
  /** As it was said; null: never. */
  readonly p50: number | null
  readonly p90: number | null
  /** Of the time to identical: before earlier moves had corrected it. */
  readonly uncorrectedP50?: number | null
  readonly uncorrectedP90?: number | null
  readonly actual: number
}
type Moved = { readonly id: string; readonly providerId: string; readonly tenantId: string; readonly siteId: string }

/** Writes what came of a VM's move beside what was expected, in the transaction that notes it. A second end of the same (a VM that came back) changes nothing. */
export async function noteOutcomes(tx: ScopedTx, { id: migrationId, providerId, tenantId, siteId }: Moved, outcomes: readonly Outcome[], disturbed: readonly string[]): Promise<void> {
  await tx.db.estimateOutcome.createMany({ data: outcomes.map((outcome) => ({ migrationId, providerId, tenantId, siteId, disturbed: [...disturbed], ...outcome })), skipDuplicates: true })
}
