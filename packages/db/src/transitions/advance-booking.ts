import { BOOKING_TRANSITIONS, canTransition, livesAtTarget } from '@driftless/domain'
import type { BookingStatus } from '@driftless/domain'
import { audit } from '../audit.ts'
import type { BookingKind } from '../generated/client.ts'
import type { ScopedTx } from '../scope.ts'

/** More names than anybody reads; the rest are counted. */
const MOST_NAMES = 20

/**
 * Moves a booking on as time passes, or gives it up when its wave is over (`nextBookingStatus` says where). False when it was moved in the meantime. A window of a cutover that
 * ends without some of its VMs leaves an entry of its own that names them: nothing was stopped for them, and another window is needed.
 */
export async function advanceBooking(
  tx: ScopedTx,
  booking: { readonly id: string; readonly providerId: string; readonly tenantId: string; readonly waveId: string; readonly kind: BookingKind; readonly status: BookingStatus; readonly wave: { readonly name: string } },
  to: BookingStatus,
): Promise<boolean> {
  if (!canTransition(BOOKING_TRANSITIONS, booking.status, to)) throw new Error(`A booking never goes from ${booking.status} to ${to}.`)
  const written = await tx.db.booking.updateMany({ where: { id: booking.id, status: booking.status }, data: { status: to, ...(to === 'EXPIRED' || to === 'WITHDRAWN' ? { revision: { increment: 1 } } : {}) } })
  if (written.count !== 1) return false
  if (to === 'WITHDRAWN') await audit(tx, 'booking.withdraw', { ...booking, kind: 'booking', name: booking.wave.name }, { before: booking.status, after: to, reason: 'Every VM of the wave has ended.' })
  else await audit(tx, 'booking.status', { ...booking, kind: 'booking', name: booking.wave.name }, { before: booking.status, after: to })
  const wasTheirs = to === 'DONE' || (to === 'EXPIRED' && (booking.status === 'APPROVED' || booking.status === 'LOCKED'))
  if (wasTheirs && booking.kind === 'CUTOVER') await noteMissed(tx, booking)
  return true
}

async function noteMissed(tx: ScopedTx, booking: { readonly id: string; readonly providerId: string; readonly tenantId: string; readonly waveId: string; readonly wave: { readonly name: string } }): Promise<void> {
  const migrations = await tx.db.migration.findMany({ where: { waveId: booking.waveId, status: { notIn: ['COMPLETED', 'CANCELLED', 'FAILED'] } }, orderBy: { position: 'asc' }, select: { status: true, vm: { select: { name: true } }, attempts: { orderBy: { number: 'desc' }, take: 1, select: { status: true } } } })
  const left = migrations.filter(({ status, attempts: [attempt] }) => !livesAtTarget(status, attempt?.status)).map(({ vm }) => vm.name)
  if (left.length === 0) return
  const named = left.slice(0, MOST_NAMES).join(', ')
  await audit(tx, 'booking.missed', { ...booking, kind: 'booking', name: booking.wave.name }, { reason: `Not moved: ${named}${left.length > MOST_NAMES ? ` and ${left.length - MOST_NAMES} more` : ''}. Nothing is left stopped for them, and replication goes on: book another window.`, detail: { vms: left.length } })
}
