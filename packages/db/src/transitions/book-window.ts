import { BOOKING_HOLDS_SLOT, DomainError } from '@driftless/domain'
import { audit } from '../audit.ts'
import type { BookingKind } from '../generated/client.ts'
import { readWaveToBook } from '../queries/wave-to-book.ts'
import { sideOf } from '../queries/wave-sides.ts'
import type { ScopedTx } from '../scope.ts'
import { refuseTaken, takeTime } from './take-time.ts'
import type { WindowChoice } from './take-time.ts'

export type WindowRequest = WindowChoice & {
  readonly waveId: string
  readonly note: string | null
  /** What is done inside it; a cutover where nothing is said. */
  readonly kind?: BookingKind
  /** What the customer asks for beside its VMs' places: bytes per second of the site's line, and people of the provider. */
  readonly bandwidthBytesPerSecond?: number | null
  readonly staff?: number
}

/**
 * Requests a service window for a wave, in a published slot or at a time of its own, which is held from the request on. It takes
 * as many of a slot's cutovers as the wave has VMs that are not over. SLOT_TAKEN when another wave was quicker, WAVE_HAS_BOOKING when this
 * wave has one of that kind, WAVE_OVER, TEST_NOT_OFFERED, and the codes of `checkSlot` or `checkOwnTime`. Resolves to the booking's id.
 */
export async function bookWindow(tx: ScopedTx, request: WindowRequest, nowMs: number): Promise<string> {
  const { kind = 'CUTOVER', bandwidthBytesPerSecond = null, staff = 0, note } = request
  const wave = await readWaveToBook(tx, request.waveId, 'slotKey' in request ? request.slotKey : null)
  if (!wave) throw new DomainError('WAVE_UNKNOWN', 'There is no such wave.')
  if (wave.vms === 0) throw new DomainError('WAVE_OVER', `Every VM of ${wave.name} has ended; there is nothing left to agree on.`, { wave: wave.name })
  const site = { siteId: wave.targetSiteId, providerId: wave.providerId }
  const demand = { cutovers: wave.vms, bandwidthBytesPerSecond, staff }
  // Said before anything is locked: of many rivals most lose, and nobody should wait for them.
  if (wave.free !== null && wave.vms > wave.free) throw new DomainError('SLOT_FULL', `The wave has ${wave.vms} VMs, and this slot has room for ${wave.free} more.`, { needed: wave.vms, free: wave.free })
  if (kind === 'TEST') await refuseWithoutTests(tx, site.siteId, wave.targetAgentIds, nowMs)
  // The wave's row is locked so that two requests for one wave meet here and not in two bookings.
  await tx.db.$executeRaw`SELECT 1 FROM wave WHERE id = ${wave.id} FOR UPDATE`
  const held = await tx.db.booking.count({ where: { waveId: wave.id, kind, status: { in: [...BOOKING_HOLDS_SLOT] }, endsAt: { gt: new Date(nowMs) } } })
  if (held > 0) throw new DomainError('WAVE_HAS_BOOKING', `${wave.name} has a booking already.`, { wave: wave.name })
  const time = await takeTime(tx, site, request, demand, nowMs, true)
  const booking = await tx.db.booking.create({
    data: {
      providerId: wave.providerId, tenantId: wave.tenantId, waveId: wave.id, targetSiteId: site.siteId, kind, ...time,
      cutovers: demand.cutovers, bandwidthBytesPerSecond: bandwidthBytesPerSecond === null ? null : BigInt(bandwidthBytesPerSecond), staff, note, requestedById: tx.actor.id ?? 'system',
    },
  }).catch(refuseTaken)
  const detail = { kind, startsAt: time.startsAt.toISOString(), endsAt: time.endsAt.toISOString(), cutovers: demand.cutovers, staff, ...(bandwidthBytesPerSecond === null ? {} : { bandwidthBytesPerSecond }) }
  await audit(tx, 'booking.request', { ...booking, kind: 'booking', name: wave.name }, { after: 'REQUESTED', detail })
  return booking.id
}

async function refuseWithoutTests(tx: ScopedTx, siteId: string, targetAgentIds: readonly string[], nowMs: number): Promise<void> {
  const agents = await tx.db.agent.findMany({ where: { siteId } })
  if (sideOf(agents, new Set(targetAgentIds), new Date(nowMs))?.testBoot !== true) throw new DomainError('TEST_NOT_OFFERED', 'The hypervisor at the target offers no test boots.')
}

/** Takes a booking back; what it held is free again. False when it was over already; IN_PROGRESS is refused. */
export async function withdrawBooking(tx: ScopedTx, bookingId: string): Promise<boolean> {
  // What it was a moment ago is said of it: an approval or the window's opening that is being written is waited for.
  await tx.db.$executeRaw`SELECT 1 FROM booking WHERE id = ${bookingId} FOR UPDATE`
  const booking = await tx.db.booking.findUnique({ where: { id: bookingId }, include: { wave: true } })
  if (!booking) throw new DomainError('BOOKING_UNKNOWN', 'There is no such booking.')
  if (booking.status === 'IN_PROGRESS') throw new DomainError('WINDOW_IN_PROGRESS', 'The window is open; it can no longer be withdrawn.')
  const written = await tx.db.booking.updateMany({ where: { id: bookingId, status: { in: ['REQUESTED', 'COUNTER_OFFERED', 'APPROVED', 'LOCKED'] } }, data: { status: 'WITHDRAWN', revision: { increment: 1 } } })
  if (written.count === 1) await audit(tx, 'booking.withdraw', { ...booking, kind: 'booking', name: booking.wave.name }, { before: booking.status, after: 'WITHDRAWN' })
  return written.count === 1
}
