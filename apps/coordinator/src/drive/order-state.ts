import { orderPlanOf } from '@driftless/db'
import type { MigrationFacts } from '@driftless/db'
import type { OrderState } from '@driftless/domain'
import { planHash, readOrder } from '@driftless/orders'

/** Whether the agents would obey the go as it is signed: said before any source is stopped, instead of by an agent's refusal. */
export function orderStateOf({ migration, order }: Pick<MigrationFacts, 'migration' | 'order'>, orderPublicKey: string): OrderState {
  if (order === null) return 'MISSING'
  const read = readOrder(order, orderPublicKey)
  if ('fault' in read || read.order.kind !== 'CUTOVER' || read.order.migrationId !== migration.id) return 'VOID'
  const plan = orderPlanOf(migration)
  return plan !== null && planHash(plan) === read.order.planHash ? 'FITS' : 'PLAN_CHANGED'
}
