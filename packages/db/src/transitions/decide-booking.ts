import { DomainError } from '@driftless/domain'
import { audit } from '../audit.ts'
import type { ScopedTx } from '../scope.ts'
import { notExpired } from './offer-window.ts'

export type BookingDecision = { readonly bookingId: string; readonly approve: boolean; readonly reason: string | null }

/**
 * The scheduler's decision on a request; an offer of another time may still be refused. A refusal needs a reason (REASON_MISSING). ALREADY_DECIDED when somebody
 * was quicker, OWN_REQUEST when it is the scheduler's own, WINDOW_LOCKED_OUT when nothing would start in it any more.
 */
export async function decideBooking(tx: ScopedTx, decision: BookingDecision, now: Date): Promise<void> {
  if (!decision.approve && !decision.reason?.trim()) throw new DomainError('REASON_MISSING', 'A refusal needs a reason that the customer can read.')
  const booking = await tx.db.booking.findUnique({ where: { id: decision.bookingId }, include: { wave: true } })
  if (!booking) throw new DomainError('BOOKING_UNKNOWN', 'There is no such booking.')
  if (booking.requestedById === tx.actor.id) throw new DomainError('OWN_REQUEST', 'Nobody decides on their own request.')
  if (decision.approve && booking.lockoutAt <= now) throw new DomainError('WINDOW_LOCKED_OUT', 'Nothing starts in this window any more: its lockout is past. Refuse it, or offer another time.')
  const to = decision.approve ? 'APPROVED' : 'REJECTED'
  const from = !decision.approve && booking.status === 'COUNTER_OFFERED' ? 'COUNTER_OFFERED' : 'REQUESTED'
  const written = await tx.db.booking.updateMany({
    where: { id: booking.id, status: from, OR: notExpired(now) },
    data: { status: to, revision: { increment: 1 }, decisionReason: decision.reason, decidedById: tx.actor.id, decidedAt: now },
  })
  if (written.count !== 1) throw new DomainError('ALREADY_DECIDED', 'This request was decided on, withdrawn or has expired in the meantime.')
  await audit(tx, decision.approve ? 'booking.approve' : 'booking.reject', { ...booking, kind: 'booking', name: booking.wave.name }, { before: from, after: to, reason: decision.reason })
}
