import { BOOKING_TRANSITIONS, canTransition } from '@driftless/domain'
import type { BookingStatus } from '@driftless/domain'
import { audit } from '../audit.ts'
import type { ScopedTx } from '../scope.ts'

/** Moves a booking on as time passes (`nextBookingStatus` says where). False when it was moved in the meantime. */
export async function advanceBooking(
  tx: ScopedTx,
  booking: { readonly id: string; readonly providerId: string; readonly tenantId: string; readonly status: BookingStatus; readonly wave: { readonly name: string } },
  to: BookingStatus,
): Promise<boolean> {
  if (!canTransition(BOOKING_TRANSITIONS, booking.status, to)) throw new Error(`A booking never goes from ${booking.status} to ${to}.`)
  const written = await tx.db.booking.updateMany({ where: { id: booking.id, status: booking.status }, data: { status: to } })
  if (written.count !== 1) return false
  await audit(tx, 'booking.status', { ...booking, kind: 'booking', name: booking.wave.name }, { before: booking.status, after: to })
  return true
}
