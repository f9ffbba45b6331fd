import { DomainError } from '@driftless/domain'
import { offersWayBack } from '../queries/way-back-offered.ts'
import type { ScopedTx } from '../scope.ts'

/** The target's hypervisor must be able to send what a moved VM writes back home. WAY_BACK_NOT_OFFERED. */
export async function refuseWithoutWayBack(tx: ScopedTx, targetSiteId: string): Promise<void> {
  if (!(await offersWayBack(tx, targetSiteId))) throw new DomainError('WAY_BACK_NOT_OFFERED', 'The target’s hypervisor does not keep what a moved VM writes, so there is no way back with it.')
}
