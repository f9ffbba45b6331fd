import { LOCK_LEAD_MS } from './service-window.ts'
import type { BookingStatus } from './states/booking.ts'

/**
 * Where a booking goes because time has passed or its wave is over; null: it stays. Called again after each move, so
 * that one decided on late (approved after its start) passes through every status on its way. What a wave holds whose VMs
 * have all ended is withdrawn: others can have it, and nobody decides on it or is reminded of it any more.
 */
export function nextBookingStatus(
  booking: { readonly status: BookingStatus; readonly startsAtMs: number; readonly endsAtMs: number; /** Until when an unanswered one is held; null: until its end. */ readonly expiresAtMs: number | null },
  nowMs: number,
  waveOver: boolean,
): BookingStatus | null {
  const over = nowMs >= booking.endsAtMs
  switch (booking.status) {
    case 'REQUESTED':
    case 'COUNTER_OFFERED':
      if (over || (booking.expiresAtMs !== null && nowMs >= booking.expiresAtMs)) return 'EXPIRED'
      return waveOver ? 'WITHDRAWN' : null
    case 'APPROVED':
      if (over) return 'EXPIRED'
      if (waveOver) return 'WITHDRAWN'
      return nowMs >= booking.startsAtMs - LOCK_LEAD_MS ? 'LOCKED' : null
    case 'LOCKED':
      if (over) return 'EXPIRED'
      if (waveOver) return 'WITHDRAWN'
      return nowMs >= booking.startsAtMs ? 'IN_PROGRESS' : null
    case 'IN_PROGRESS':
      return over || waveOver ? 'DONE' : null
    default:
      return null
  }
}
