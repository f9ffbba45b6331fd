import { CONVERGENCE_WINDOW_SECONDS } from '@driftless/domain'
import type { LinkSample } from '@driftless/domain'
import type { ScopedTx } from '../scope.ts'

/** Agents take a sample every two seconds; one that takes them quicker is read no further back. */
const MOST_SAMPLES = 60

/** A migration's latest samples, oldest first: what its convergence is judged by. */
export async function readLinkSamples(tx: ScopedTx, migrationId: string, now: Date): Promise<LinkSample[]> {
  const rows = await tx.db.telemetrySample.findMany({
    where: { migrationId, at: { gt: new Date(now.getTime() - CONVERGENCE_WINDOW_SECONDS * 1000) } }, orderBy: { at: 'desc' }, take: MOST_SAMPLES,
  })
  return rows.toReversed().map(({ at, backlogBytes, uniqueWriteBytes, ...row }) => ({ ...row, atMs: at.getTime(), backlogBytes: Number(backlogBytes), uniqueWriteBytes: Number(uniqueWriteBytes) }))
}
