import { DomainError } from '@driftless/domain'
import { audit } from '../audit.ts'
import type { ScopedTx } from '../scope.ts'
import { refuseTaken, takeTime } from './take-time.ts'
import type { WindowChoice } from './take-time.ts'

export type WindowOffer = WindowChoice & { readonly bookingId: string; readonly reason: string }

/**
 * The scheduler offers another time for a request, with a reason. The booking moves there at once: the offered capacity is held, what was
 * asked for is given up and kept for reading. REASON_MISSING, OWN_REQUEST, ALREADY_DECIDED, OFFER_SAME_TIME, SLOT_TAKEN, and the codes of
 * `checkSlot` or `checkOwnTime`; the notice period is the provider's own to waive.
 */
export async function offerWindow(tx: ScopedTx, offer: WindowOffer, now: Date): Promise<void> {
  if (!offer.reason.trim()) throw new DomainError('REASON_MISSING', 'An offer of another time needs a reason that the customer can read.')
  await tx.db.$executeRaw`SELECT 1 FROM booking WHERE id = ${offer.bookingId} FOR UPDATE`
  const booking = await tx.db.booking.findUnique({ where: { id: offer.bookingId }, include: { wave: { select: { name: true } } } })
  if (!booking) throw new DomainError('BOOKING_UNKNOWN', 'There is no such booking.')
  if (booking.requestedById === tx.actor.id) throw new DomainError('OWN_REQUEST', 'Nobody decides on their own request.')
  if (booking.status !== 'REQUESTED') throw new DomainError('ALREADY_DECIDED', 'This request was decided on, withdrawn or has expired in the meantime.')
  const demand = { cutovers: booking.cutovers, bandwidthBytesPerSecond: booking.bandwidthBytesPerSecond === null ? null : Number(booking.bandwidthBytesPerSecond), staff: booking.staff }
  const given = booking.slotId === null ? null : await tx.db.windowSlot.findUniqueOrThrow({ where: { id: booking.slotId }, select: { slotKey: true } })
  const same = 'slotKey' in offer ? offer.slotKey === given?.slotKey : offer.startsAt.getTime() === booking.startsAt.getTime() && offer.endsAt.getTime() === booking.endsAt.getTime()
  if (same) throw new DomainError('OFFER_SAME_TIME', 'This is the time that was asked for. Approve the request, or offer another time.')
  const time = await takeTime(tx, { siteId: booking.targetSiteId, providerId: booking.providerId }, offer, demand, now.getTime(), false)
  const written = await tx.db.booking.updateMany({
    where: { id: booking.id, status: 'REQUESTED', OR: notExpired(now) },
    data: { ...time, status: 'COUNTER_OFFERED', askedStartsAt: booking.startsAt, askedEndsAt: booking.endsAt, decisionReason: offer.reason, decidedById: tx.actor.id, decidedAt: now, revision: { increment: 1 } },
  }).catch(refuseTaken)
  if (written.count !== 1) throw new DomainError('ALREADY_DECIDED', 'This request was decided on, withdrawn or has expired in the meantime.')
  await audit(tx, 'booking.offer', { ...booking, kind: 'booking', name: booking.wave.name }, {
    before: 'REQUESTED', after: 'COUNTER_OFFERED', reason: offer.reason,
    detail: { startsAt: time.startsAt.toISOString(), endsAt: time.endsAt.toISOString(), askedStartsAt: booking.startsAt.toISOString(), askedEndsAt: booking.endsAt.toISOString() },
  })
}

/** The customer takes the time that was offered: the booking is approved. OFFER_GONE when it was withdrawn, has expired, was accepted by somebody else, or nothing would start in it any more. */
export async function acceptOffer(tx: ScopedTx, bookingId: string, now: Date): Promise<void> {
  const booking = await tx.db.booking.findUnique({ where: { id: bookingId }, include: { wave: { select: { name: true } } } })
  if (!booking) throw new DomainError('BOOKING_UNKNOWN', 'There is no such booking.')
  const written = await tx.db.booking.updateMany({ where: { id: bookingId, status: 'COUNTER_OFFERED', lockoutAt: { gt: now }, OR: notExpired(now) }, data: { status: 'APPROVED', revision: { increment: 1 } } })
  if (written.count !== 1) throw new DomainError('OFFER_GONE', 'This offer was accepted, withdrawn or has expired in the meantime.')
  await audit(tx, 'booking.accept', { ...booking, kind: 'booking', name: booking.wave.name }, { before: 'COUNTER_OFFERED', after: 'APPROVED', detail: { startsAt: booking.startsAt.toISOString(), endsAt: booking.endsAt.toISOString() } })
}

/** Of what nobody answers in time the hold has ended, though the sweep may not have come by yet. */
export function notExpired(now: Date) {
  return [{ expiresAt: null }, { expiresAt: { gt: now } }]
}
