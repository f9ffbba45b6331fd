import { BOOKING_HOLDS_SLOT } from '@driftless/domain'
import type { CutoverWindow } from '@driftless/domain'
import type { ScopedTx } from '../scope.ts'
import { readSiteBoard } from './site-calendar.ts'

/** Nobody books a cutover that is estimated today for later. */
const AHEAD_MS = 14 * 86_400_000
/** More windows nobody compares; the earliest. */
const MOST_WINDOWS = 40

/** A window at a target site: `booked` for the VMs in question, or free for anybody. */
export type WindowAhead = CutoverWindow & { readonly targetSiteName: string; readonly booked: boolean; readonly waveName: string | null }

/**
 * The windows in which these VMs could be cut over in the next two weeks, the earliest first: those that are booked for their waves, and the free
 * slots of the target sites that the scope sees (of one of them where `targetSiteId` says so). Sites that publish no slots have none.
 */
export async function readWindowsAhead(tx: ScopedTx, vmIds: readonly string[], now: Date, targetSiteId: string | null = null): Promise<WindowAhead[]> {
  const to = new Date(now.getTime() + AHEAD_MS)
  const sites = await tx.db.site.findMany({ where: { kind: 'TARGET', ...(targetSiteId === null ? {} : { id: targetSiteId }) }, orderBy: { name: 'asc' }, select: { id: true, name: true } })
  const bookings = await tx.db.booking.findMany({
    where: { kind: 'CUTOVER', status: { in: [...BOOKING_HOLDS_SLOT] }, endsAt: { gt: now }, wave: { migrations: { some: { vmId: { in: [...vmIds] }, status: { notIn: ['CANCELLED', 'FAILED', 'ROLLED_BACK', 'COMPLETED'] } } } } },
    orderBy: { startsAt: 'asc' }, take: MOST_WINDOWS, include: { wave: { select: { name: true } } },
  })
  const named = new Map(sites.map(({ id, name }) => [id, name]))
  const windows: WindowAhead[] = bookings.map(({ startsAt, endsAt, lockoutAt, targetSiteId: at, wave }) => ({ fromMs: startsAt.getTime(), toMs: endsAt.getTime(), lockoutMs: lockoutAt.getTime(), targetSiteName: named.get(at) ?? '', booked: true, waveName: wave.name }))
  const free: WindowAhead[] = []
  for (const { id, name } of sites) {
    const board = await readSiteBoard(tx, id, now, to, now, true)
    for (const slot of board?.slots ?? []) if (slot.closed === null) free.push({ fromMs: slot.startsAt.getTime(), toMs: slot.endsAt.getTime(), lockoutMs: slot.lockoutAt.getTime(), targetSiteName: name, booked: false, waveName: null })
  }
  return [...windows, ...free.toSorted((one, other) => one.fromMs - other.fromMs).slice(0, MOST_WINDOWS)]
}
