import type { ScopedTx } from '@driftless/db'

/** The migrations of a wave, to be woken after a change that concerns all of them. */
export async function migrationIds(tx: ScopedTx, waveId: string): Promise<string[]> {
  const rows = await tx.db.migration.findMany({ where: { waveId }, select: { id: true } })
  return rows.map(({ id }) => id)
}
