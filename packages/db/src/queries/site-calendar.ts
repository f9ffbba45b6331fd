import { conflictOf, roomOf, siteCalendar, slotClosed, slotsOf, BOOKING_HOLDS_SLOT } from '@driftless/domain'
import type { CalendarConflict, SiteCalendar, Slot, SlotRoom } from '@driftless/domain'
import type { SiteCalendar as CalendarRow, WindowSlot } from '../generated/client.ts'
import type { ScopedTx } from '../scope.ts'
import { readTakenSlots } from './windows.ts'

/** A calendar as it is stored. */
export function calendarOf({ zone, patterns, exceptions, blackouts, noticeHours, holdHours, ownTimes }: CalendarRow): SiteCalendar {
  return siteCalendar.parse({ zone, patterns, exceptions, blackouts, noticeHours, holdHours, ownTimes })
}

/** What is published for a target site; null: nothing, customers ask for times of their own. */
export async function readCalendar(tx: ScopedTx, siteId: string): Promise<SiteCalendar | null> {
  const row = await tx.db.siteCalendar.findUnique({ where: { siteId } })
  return row && calendarOf(row)
}

/** A slot that was booked once: the terms that it keeps, and what is left of it. */
export function slotOfRow(row: WindowSlot): Slot & { readonly room: SlotRoom } {
  const slot = {
    key: row.slotKey, startsAtMs: row.startsAt.getTime(), endsAtMs: row.endsAt.getTime(), lockoutAtMs: row.lockoutAt.getTime(), cutovers: row.cutovers,
    bandwidthBytesPerSecond: row.bandwidthBytesPerSecond === null ? null : Number(row.bandwidthBytesPerSecond), staff: row.staff,
  }
  return { ...slot, room: roomOf(slot, { cutovers: row.heldCutovers, bandwidthBytesPerSecond: Number(row.heldBandwidthBytesPerSecond), staff: row.heldStaff }) }
}

/**
 * What lies between two instants at a target site: slots with what is free of them, times of their own that are taken (never whose), and
 * blackouts. `noticed`: the notice period counts, as it does for customers. Null when the scope does not see the site.
 */
export async function readSiteBoard(tx: ScopedTx, siteId: string, from: Date, to: Date, now: Date, noticed: boolean) {
  const taken = await readTakenSlots(tx, siteId, from, to)
  if (!taken) return null
  const calendar = await readCalendar(tx, siteId)
  const rows = await tx.db.windowSlot.findMany({ where: { targetSiteId: siteId, startsAt: { lt: to }, endsAt: { gt: from } } })
  const made = new Map(rows.map((row) => [row.slotKey, { ...slotOfRow(row), held: row.heldBookings }]))
  const published = calendar ? slotsOf(calendar, from.getTime(), to.getTime()) : []
  const keys = new Set(published.map(({ key }) => key))
  const gone = [...made.values()].filter((slot) => slot.held > 0 && !keys.has(slot.key))
  const slots = [...published.map((slot) => made.get(slot.key) ?? { ...slot, room: roomOf(slot), held: 0 }), ...gone]
  // One slot at a time: where a clock jumps, or the calendar was changed, a held one may reach into its neighbour.
  const held = [...made.values()].filter((slot) => slot.held > 0).map(({ key, startsAtMs, endsAtMs }) => ({ key, startsAt: new Date(startsAtMs), endsAt: new Date(endsAtMs) }))
  const others = (own: string) => [...taken, ...held.filter(({ key }) => key !== own)]
  return {
    zone: calendar?.zone ?? null, noticeHours: calendar?.noticeHours ?? 0, holdHours: calendar?.holdHours ?? null, ownTimes: calendar?.ownTimes ?? true, taken,
    blackouts: (calendar?.blackouts ?? []).filter(({ fromMs, toMs }) => fromMs < to.getTime() && toMs > from.getTime()).map(({ fromMs, toMs, reason }) => ({ startsAt: new Date(fromMs), endsAt: new Date(toMs), reason })),
    slots: slots.map(({ startsAtMs, endsAtMs, lockoutAtMs, room, held: _held, ...slot }) => ({
      ...slot, startsAt: new Date(startsAtMs), endsAt: new Date(endsAtMs), lockoutAt: new Date(lockoutAtMs), free: room,
      closed: calendar === null || !keys.has(slot.key) ? ('GONE' as const) : (slotClosed(calendar, { startsAtMs, endsAtMs }, room, now.getTime(), noticed) ?? (isTaken(others(slot.key), startsAtMs, endsAtMs) ? ('TAKEN' as const) : null)),
    })).toSorted((one, other) => one.startsAt.getTime() - other.startsAt.getTime()),
  }
}

function isTaken(taken: readonly { readonly startsAt: Date; readonly endsAt: Date }[], startsAtMs: number, endsAtMs: number): boolean {
  return taken.some(({ startsAt, endsAt }) => startsAt.getTime() < endsAtMs && endsAt.getTime() > startsAtMs)
}

/** More than anybody reads before saving; the first are the nearest. */
const MOST_CONFLICTS = 100

/** Bookings of the site that hold their time, are not over, and that `calendar` has something against; the next one first. Such bookings stay as they are. */
export async function listCalendarConflicts(tx: ScopedTx, siteId: string, calendar: SiteCalendar, now: Date) {
  const rows = await tx.db.booking.findMany({
    where: { targetSiteId: siteId, status: { in: [...BOOKING_HOLDS_SLOT] }, endsAt: { gt: now } }, orderBy: { startsAt: 'asc' },
    include: { slot: { select: { slotKey: true } }, wave: { select: { name: true, tenant: { select: { name: true } } } } },
  })
  return rows.flatMap((row): { bookingId: string; waveName: string; tenantName: string; startsAt: Date; endsAt: Date; conflict: CalendarConflict }[] => {
    const conflict = conflictOf(calendar, { slotKey: row.slot?.slotKey ?? null, startsAtMs: row.startsAt.getTime(), endsAtMs: row.endsAt.getTime() })
    return conflict === null ? [] : [{ bookingId: row.id, waveName: row.wave.name, tenantName: row.wave.tenant.name, startsAt: row.startsAt, endsAt: row.endsAt, conflict }]
  }).slice(0, MOST_CONFLICTS)
}

/** The target sites that the scope sees, with what is published for each (null: nothing) and the revision that an editor read. */
export async function listSiteCalendars(tx: ScopedTx) {
  const sites = await tx.db.site.findMany({ where: { kind: 'TARGET' }, orderBy: { name: 'asc' }, include: { calendar: true } })
  return sites.map(({ id, name, calendar }) => ({ siteId: id, siteName: name, revision: calendar?.revision ?? null, calendar: calendar && calendarOf(calendar) }))
}
