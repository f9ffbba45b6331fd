import type { ScopedTx } from '../scope.ts'
import { anyOffers } from './hypervisor-facts.ts'

/** Whether what a moved VM writes at this target site can flow back to its source. */
export async function offersWayBack(tx: ScopedTx, targetSiteId: string): Promise<boolean> {
  return anyOffers(await tx.db.agent.findMany({ where: { siteId: targetSiteId, revokedAt: null }, select: { hypervisor: true } }), 'WAY_BACK')
}
