import { isOthersTurn, readChurnP90, readLinkSamples, readReservedBytes } from '@driftless/db'
import type { MigrationFacts, ScopedTx } from '@driftless/db'
import { CUTOVER_HARMLESS, convergence, neededCutoverSeconds } from '@driftless/domain'
import { orderStateOf } from './order-state.ts'
import type { SiteLinks } from './site-links.ts'
import type { ViewExtras } from './view-of.ts'

/** Answers the costly questions, each only in the states in which its answer is looked at. */
export async function readExtras(tx: ScopedTx, facts: MigrationFacts, links: SiteLinks, orderPublicKey: string): Promise<ViewExtras> {
  const { migration, attempt, booking } = facts
  const mayBegin = booking?.status === 'IN_PROGRESS' && (migration.status === 'READY_FOR_CUTOVER' || migration.status === 'REPLICATING')
  const mayStillTurnBack = attempt !== null && CUTOVER_HARMLESS.includes(attempt.status)
  const replicating = migration.status === 'REPLICATING' || migration.status === 'READY_FOR_CUTOVER' || mayStillTurnBack
  const starting = migration.status === 'READY_TO_REPLICATE' || migration.resumeStatus === 'READY_TO_REPLICATE'
  return {
    neededSeconds: mayBegin || mayStillTurnBack ? await neededSeconds(tx, facts, links) : 0,
    reservedBytes: starting && migration.targetAgentId !== null ? await readReservedBytes(tx, migration.targetAgentId, migration.id) : 0,
    othersTurn: mayBegin ? await isOthersTurn(tx, migration, booking.id) : false,
    convergence: replicating ? convergence(await readLinkSamples(tx, migration.id, facts.now), migration.notConvergingSince !== null) : null,
    order: mayStillTurnBack ? orderStateOf(facts, orderPublicKey) : 'FITS',
  }
}

async function neededSeconds(tx: ScopedTx, { migration, now }: MigrationFacts, links: SiteLinks): Promise<number> {
  const churn = await readChurnP90(tx, migration.vmId)
  const link = await links(tx, migration.wave.siteId, now)
  const sizeBytes = migration.replications.reduce((sum, disk) => sum + Number(disk.sizeBytes), 0)
  return neededCutoverSeconds({ usedBytes: sizeBytes, sizeBytes, churnRates: churn === null ? [] : [churn] }, link)
}
