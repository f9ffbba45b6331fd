import { DomainError, mayApprove } from '@driftless/domain'
import { audit } from '../audit.ts'
import { readJudgement } from '../queries/approvals.ts'
import type { ScopedTx } from '../scope.ts'
import { lockPlan } from './lock-plan.ts'
import { signCutovers } from './sign-order.ts'
import type { OrderSigner } from './sign-order.ts'

export type GoNoGoInput = {
  readonly waveId: string
  readonly bookingId: string
  readonly decision: 'GO' | 'NO_GO'
  readonly reason: string | null
  /** Of the plan that was shown to whoever decides; left out by programs that decide about the plan as it is. */
  readonly planHash?: string | undefined
}

/**
 * One person's word before any source of the wave is stopped. It belongs to one approved booking, ends with it, and is bound to the plan:
 * PLAN_CHANGED when the plan is no longer the one that was shown. NOT_AN_APPROVER and OWN_REQUEST by the customer's policy. A no-go
 * needs a reason. When the last needed go is said, it is signed for each VM: agents obey nothing less. Two at once come one after the other.
 */
export async function decideGoNoGo(tx: ScopedTx, input: GoNoGoInput, signer: OrderSigner): Promise<void> {
  if (input.decision === 'NO_GO' && !input.reason?.trim()) throw new DomainError('REASON_MISSING', 'A no-go needs a reason.')
  await lockPlan(tx, input.waveId)
  const booking = await tx.db.booking.findUnique({ where: { id: input.bookingId }, include: { wave: true } })
  if (!booking || booking.waveId !== input.waveId) throw new DomainError('BOOKING_UNKNOWN', 'There is no such booking.')
  const before = await readJudgement(tx, booking)
  const personId = tx.actor.id ?? 'system'
  const person = await tx.db.user.findUnique({ where: { id: personId }, select: { role: true, deactivatedAt: true, tenantId: true } })
  if (!mayApprove(before.policy, { id: personId, role: person !== null && person.deactivatedAt === null && person.tenantId === booking.tenantId ? person.role : null }))
    throw new DomainError('NOT_AN_APPROVER', 'The approval policy does not let you decide.')
  if (booking.requestedById === personId && !before.policy.ownRequest) throw new DomainError('OWN_REQUEST', 'Nobody decides on their own request.')
  if (!['APPROVED', 'LOCKED', 'IN_PROGRESS'].includes(booking.status)) throw new DomainError('BOOKING_NOT_APPROVED', 'The service window is not approved.')
  if (input.decision === 'GO' && input.planHash !== undefined && input.planHash !== before.planHash) throw new DomainError('PLAN_CHANGED', 'The plan has changed since you looked at it. Nothing was decided.')
  await tx.db.goNoGo.create({
    data: { providerId: booking.providerId, tenantId: booking.tenantId, waveId: booking.waveId, bookingId: booking.id, decision: input.decision, reason: input.reason, decidedById: personId, decidedAt: before.now, planHash: before.planHash, plan: before.plan },
  })
  await audit(tx, input.decision === 'GO' ? 'wave.go' : 'wave.no-go', { ...booking.wave, kind: 'wave' }, { after: input.decision, reason: input.reason, detail: { planHash: before.planHash } })
  if (input.decision === 'GO' && booking.kind === 'CUTOVER') await signWhenEnough(tx, signer, booking, before, personId)
}

type Judged = Awaited<ReturnType<typeof readJudgement>>
type Booking = Parameters<typeof signCutovers>[2] & Parameters<typeof readJudgement>[1]

/**
 * Signs when this go made them enough, when its author says it again because agents would not obey what is signed, or when they are enough
 * for longer by it: what is signed locks out when the first of them expires.
 */
async function signWhenEnough(tx: ScopedTx, signer: OrderSigner, booking: Booking, before: Judged, personId: string): Promise<void> {
  const { judgement } = await readJudgement(tx, booking)
  if (judgement.missing > 0 || judgement.countsFromMs === null) return
  const wasEnough = before.judgement.missing === 0
  const said = new Set(before.judgement.words.filter(({ standing }) => standing === 'COUNTS').map(({ id }) => before.words.find(({ row }) => row.id === id)?.row.decidedById))
  const signed = await tx.db.signedOrder.count({ where: { bookingId: booking.id, kind: 'CUTOVER' } })
  const sameEnd = judgement.expiresAtMs === before.judgement.expiresAtMs
  if (wasEnough && sameEnd && signed > 0 && !said.has(personId)) return
  const window = {
    startsAt: new Date(Math.max(booking.startsAt.getTime(), judgement.countsFromMs)),
    lockoutAt: new Date(Math.min(booking.lockoutAt.getTime(), judgement.expiresAtMs ?? Infinity)), endsAt: booking.endsAt,
  }
  await signCutovers(tx, signer, booking, window, before.now)
}
