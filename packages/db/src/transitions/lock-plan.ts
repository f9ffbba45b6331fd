import type { ScopedTx } from '../scope.ts'

/**
 * Takes a wave for the rest of the transaction, so that of decisions about its plan, and changes to it, one comes after the other.
 * The VMs' rows first and in the order of their ids: whoever drives one holds its row and then takes the wave's, and would otherwise
 * wait in a ring with an order that is being signed for it.
 */
export async function lockPlan(tx: ScopedTx, waveId: string): Promise<void> {
  await tx.db.$executeRaw`SELECT 1 FROM migration WHERE wave_id = ${waveId} ORDER BY id FOR NO KEY UPDATE`
  await tx.db.$executeRaw`SELECT 1 FROM wave WHERE id = ${waveId} FOR NO KEY UPDATE`
}
