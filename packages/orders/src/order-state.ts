import type { OrderState } from '@driftless/domain'
import type { OrderPlan, SignedOrder } from './order.ts'
import { planHash } from './plan-hash.ts'
import { readOrder } from './read.ts'

/** What a cutover's order has to be about, as things are at `nowMs`; `plan` is null while no agents were chosen. */
export type WantedOrder = { readonly migrationId: string; readonly plan: OrderPlan | null; /** After how long a guest that refuses is powered off; null: never. */ readonly powerOffAfterSeconds: number | null; readonly nowMs: number }

/** Whether agents would obey a cutover's order as it is signed: said before any source is stopped, instead of by an agent's refusal. */
export function orderStateOf(signed: SignedOrder | null, wanted: WantedOrder, publicKey: string): OrderState {
  if (signed === null) return 'MISSING'
  const read = readOrder(signed, publicKey)
  if ('fault' in read || read.order.kind !== 'CUTOVER' || read.order.migrationId !== wanted.migrationId) return 'VOID'
  // Whether a guest that refuses is powered off is agreed for the wave: an order that says otherwise is of another plan.
  const sameWord = wanted.powerOffAfterSeconds === (read.order.powerOffAfterSeconds ?? null)
  if (wanted.plan === null || !sameWord || planHash(wanted.plan) !== read.order.planHash) return 'PLAN_CHANGED'
  if (wanted.nowMs > Date.parse(read.order.startBefore)) return 'LAPSED'
  return wanted.nowMs < Date.parse(read.order.approval.window.startsAt) ? 'NOT_YET' : 'FITS'
}
