import type { Convergence } from '@driftless/domain'
import type { ScopedTx } from '../scope.ts'

/** A suggestion that moves by less than this stays as it is: people read it, and a row is not written for nothing. */
const WORTH_WRITING = 0.1

/**
 * Notes whether a migration's guest outruns its link; no status, so no audit entry. `verdict` null: nothing can be said,
 * and nothing is said. The caller holds the migration's row.
 */
export async function noteConvergence(
  tx: ScopedTx,
  migration: { readonly id: string; readonly notConvergingSince: Date | null; readonly convergingThrottleBytesPerSecond: bigint | null },
  verdict: Convergence | null,
  now: Date,
): Promise<void> {
  const { id, notConvergingSince: since, convergingThrottleBytesPerSecond: before } = migration
  if (verdict === null || verdict.converges) {
    if (since !== null) await tx.db.migration.updateMany({ where: { id }, data: { notConvergingSince: null, convergingThrottleBytesPerSecond: null } })
    return
  }
  const throttle = verdict.throttleBytesPerSecond
  if (since !== null && before !== null && Math.abs(throttle - Number(before)) < WORTH_WRITING * Number(before)) return
  await tx.db.migration.updateMany({ where: { id }, data: { notConvergingSince: since ?? now, convergingThrottleBytesPerSecond: BigInt(Math.round(throttle)) } })
}
