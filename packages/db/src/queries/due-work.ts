import { MIGRATION_ENDED, RETURN_UNDER_WAY } from '@driftless/domain'
import type { ScopedTx } from '../scope.ts'

/** How many ids a sweep takes at a time; the rest come with the next page. */
export const SWEEP_PAGE = 500

const UNDER_WAY = ['READY_TO_REPLICATE', 'REPLICATING', 'READY_FOR_TEST', 'TESTING', 'READY_FOR_CUTOVER', 'CUTTING_OVER', 'VALIDATING', 'BLOCKED'] as const
/** One that was accepted is driven again while it goes home. */
const RETURNING = { returns: { some: { status: { in: [...RETURN_UNDER_WAY] } } } }
const PRESSING = ['READY_TO_REPLICATE', 'CUTTING_OVER', 'VALIDATING', 'BLOCKED'] as const

/**
 * Ids of migrations that are under way, one page after `afterId`, in order. `urgent`: only those for which seconds count,
 * that is in their cutover, in an open window, or waiting for a start or for room.
 */
export async function listUnderWay(tx: ScopedTx, afterId: string, urgent: boolean): Promise<string[]> {
  const pressing = { OR: [RETURNING, { status: { in: [...PRESSING] } }, { wave: { bookings: { some: { status: 'IN_PROGRESS' as const } } } }] }
  const rows = await tx.db.migration.findMany({
    where: { id: { gt: afterId }, AND: [{ OR: [{ status: { in: [...UNDER_WAY] } }, RETURNING] }, ...(urgent ? [pressing] : [])] },
    select: { id: true }, orderBy: { id: 'asc' }, take: SWEEP_PAGE,
  })
  return rows.map((row) => row.id)
}

/** Ids of bookings that time may move on by `until`, or that are held for a wave whose VMs have all ended. */
export async function listDueBookings(tx: ScopedTx, until: Date, now: Date): Promise<string[]> {
  const rows = await tx.db.booking.findMany({
    where: { OR: [{ status: { in: ['APPROVED', 'LOCKED'] }, startsAt: { lte: until } }, { status: { in: ['REQUESTED', 'COUNTER_OFFERED', 'APPROVED', 'LOCKED'] }, endsAt: { lte: now } }, { status: { in: ['REQUESTED', 'COUNTER_OFFERED'] }, expiresAt: { lte: now } }, { status: 'IN_PROGRESS' }, { status: { in: ['REQUESTED', 'COUNTER_OFFERED', 'APPROVED', 'LOCKED'] }, wave: { migrations: { none: { status: { notIn: [...MIGRATION_ENDED] } } } } }] },
    select: { id: true }, orderBy: { startsAt: 'asc' }, take: SWEEP_PAGE,
  })
  return rows.map((row) => row.id)
}

/** Ids of observations whose time is up. */
export async function listDueEstimates(tx: ScopedTx, now: Date): Promise<string[]> {
  const rows = await tx.db.estimate.findMany({ where: { status: 'OBSERVING', endsAt: { lte: now } }, select: { id: true }, take: SWEEP_PAGE })
  return rows.map((row) => row.id)
}

/** Ids of a wave's migrations that are under way, in the order of their turn. */
export async function listWaveUnderWay(tx: ScopedTx, waveId: string): Promise<string[]> {
  const rows = await tx.db.migration.findMany({ where: { waveId, status: { in: [...UNDER_WAY] } }, select: { id: true }, orderBy: { position: 'asc' } })
  return rows.map((row) => row.id)
}

/** Takes a booking's row for the rest of the transaction and reads it with its wave; null when there is none. */
export async function lockBooking(tx: ScopedTx, bookingId: string) {
  await tx.db.$executeRaw`SELECT 1 FROM booking WHERE id = ${bookingId} FOR UPDATE`
  return tx.db.booking.findUnique({ where: { id: bookingId }, include: { wave: { select: { name: true, migrations: { select: { status: true } } } } } })
}
