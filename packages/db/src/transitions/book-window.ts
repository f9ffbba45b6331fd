import { BOOKING_HOLDS_SLOT, DomainError, checkBookable, defaultLockoutMs } from '@driftless/domain'
import { audit } from '../audit.ts'
import type { ScopedTx } from '../scope.ts'
import { violates } from './violations.ts'

export type WindowRequest = { readonly waveId: string; readonly startsAt: Date; readonly endsAt: Date; readonly note: string | null }

/**
 * Requests a service window for a wave. A slot of the target site is held from the request on:
 * SLOT_TAKEN when another wave has it, WAVE_HAS_BOOKING when this wave has one, and
 * the codes of `checkBookable`. Resolves to the booking's id.
 */
export async function bookWindow(tx: ScopedTx, request: WindowRequest, nowMs: number): Promise<string> {
  const wave = await tx.db.wave.findUnique({ where: { id: request.waveId }, include: { destination: true } })
  if (!wave) throw new DomainError('WAVE_UNKNOWN', 'There is no such wave.')
  const startsAtMs = request.startsAt.getTime()
  const endsAtMs = request.endsAt.getTime()
  const lockoutAtMs = defaultLockoutMs(startsAtMs, endsAtMs)
  checkBookable({ startsAtMs, endsAtMs, lockoutAtMs }, nowMs)
  // The wave's row is locked so that two requests for one wave meet here and not in two bookings.
  await tx.db.$executeRaw`SELECT 1 FROM wave WHERE id = ${wave.id} FOR UPDATE`
  const held = await tx.db.booking.count({ where: { waveId: wave.id, status: { in: [...BOOKING_HOLDS_SLOT] }, endsAt: { gt: new Date(nowMs) } } })
  if (held > 0) throw new DomainError('WAVE_HAS_BOOKING', `${wave.name} has a booking already.`, { wave: wave.name })
  try {
    const booking = await tx.db.booking.create({
      data: {
        providerId: wave.providerId, tenantId: wave.tenantId, waveId: wave.id, targetSiteId: wave.destination.targetSiteId,
        startsAt: request.startsAt, endsAt: request.endsAt, lockoutAt: new Date(lockoutAtMs), note: request.note, requestedById: tx.actor.id ?? 'system',
      },
    })
    await audit(tx, 'booking.request', { ...booking, kind: 'booking', name: wave.name }, { after: 'REQUESTED', detail: { startsAt: request.startsAt.toISOString(), endsAt: request.endsAt.toISOString() } })
    return booking.id
  } catch (error) {
    if (violates(error, 'booking_slot_taken')) throw new DomainError('SLOT_TAKEN', 'Another wave has this time at the target site. Choose another.')
    throw error
  }
}

/** Takes a booking back; its slot is free again. False when it was over already; IN_PROGRESS is refused. */
export async function withdrawBooking(tx: ScopedTx, bookingId: string): Promise<boolean> {
  const booking = await tx.db.booking.findUnique({ where: { id: bookingId }, include: { wave: true } })
  if (!booking) throw new DomainError('BOOKING_UNKNOWN', 'There is no such booking.')
  if (booking.status === 'IN_PROGRESS') throw new DomainError('WINDOW_IN_PROGRESS', 'The window is open; it can no longer be withdrawn.')
  const written = await tx.db.booking.updateMany({ where: { id: bookingId, status: { in: ['REQUESTED', 'COUNTER_OFFERED', 'APPROVED', 'LOCKED'] } }, data: { status: 'WITHDRAWN' } })
  if (written.count === 1) await audit(tx, 'booking.withdraw', { ...booking, kind: 'booking', name: booking.wave.name }, { before: booking.status, after: 'WITHDRAWN' })
  return written.count === 1
}
