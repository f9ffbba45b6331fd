import { createHash } from 'node:crypto'
import { canonicalJson } from '@driftless/domain'
import type { OrderPlan } from './order.ts'

/** SHA-256, hex, of a plan; the order of its disks does not matter. A plan with another hash was not approved. */
export function planHash(plan: OrderPlan): string {
  const disks = plan.disks.toSorted((one, other) => (one.key < other.key ? -1 : 1))
  return createHash('sha256').update(canonicalJson({ ...plan, disks })).digest('hex')
}
