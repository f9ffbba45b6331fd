import { DomainError, checkCalendar, slotByKey } from '@driftless/domain'
import type { SiteCalendar } from '@driftless/domain'
import { audit } from '../audit.ts'
import { listCalendarConflicts } from '../queries/site-calendar.ts'
import type { ScopedTx } from '../scope.ts'
import { lockSiteTimes } from './take-time.ts'

export type CalendarEdit = {
  readonly siteId: string
  readonly calendar: SiteCalendar
  /** The revision that was read; null: there was no calendar. */
  readonly revision: number | null
  /** Bookings that the person was shown as being at odds with it; they stay as they are. */
  readonly acknowledged: readonly string[]
}

/**
 * Publishes a target site's calendar. Bookings are left alone, and so are the terms of slots that somebody holds; slots that nobody holds follow. SITE_UNKNOWN,
 * CALENDAR_CHANGED when somebody else saved one since `revision`, CALENDAR_CONFLICTS when it is at odds with bookings that are not
 * acknowledged, and the codes of `checkCalendar`.
 */
export async function saveCalendar(tx: ScopedTx, { siteId, calendar, revision, acknowledged }: CalendarEdit, now: Date): Promise<void> {
  checkCalendar(calendar)
  const site = await tx.db.site.findFirst({ where: { id: siteId, kind: 'TARGET' } })
  if (!site) throw new DomainError('SITE_UNKNOWN', 'There is no such target site.')
  await lockSiteTimes(tx, siteId, true)
  const present = await tx.db.siteCalendar.findUnique({ where: { siteId }, select: { revision: true } })
  if ((present?.revision ?? null) !== revision) throw new DomainError('CALENDAR_CHANGED', 'Somebody else has changed this calendar in the meantime. Read it again before you change it.')
  const conflicts = (await listCalendarConflicts(tx, siteId, calendar, now)).filter(({ bookingId }) => !acknowledged.includes(bookingId))
  if (conflicts.length > 0) throw new DomainError('CALENDAR_CONFLICTS', `${conflicts.length} bookings are at odds with this calendar. Look at them, and save again.`, { count: conflicts.length })
  const { zone, noticeHours, holdHours, ownTimes } = calendar
  const data = { zone, noticeHours, holdHours, ownTimes, ...stored(calendar), revision: (revision ?? 0) + 1 }
  await tx.db.siteCalendar.upsert({ where: { siteId }, create: { siteId, providerId: site.providerId, ...data }, update: data })
  await renewSlots(tx, siteId, calendar, now)
  await audit(tx, 'site.calendar', { ...site, kind: 'site' }, {
    ...(revision === null ? {} : { before: String(revision) }), after: String(data.revision),
    detail: { zone, noticeHours, holdHours, ownTimes, patterns: calendar.patterns.length, exceptions: calendar.exceptions.length, blackouts: calendar.blackouts.length },
  })
}

/** Readonly lists as the client takes JSON. */
function stored({ patterns, exceptions, blackouts }: SiteCalendar) {
  return {
    patterns: patterns.map((pattern) => ({ ...pattern, days: [...pattern.days] })),
    exceptions: exceptions.map((exception) => ({ ...exception, slots: exception.slots.map((slot) => ({ ...slot })) })),
    blackouts: blackouts.map((blackout) => ({ ...blackout })),
  }
}

/** Slots that were booked once and are held by nobody now get the terms that are published now. */
async function renewSlots(tx: ScopedTx, siteId: string, calendar: SiteCalendar, now: Date): Promise<void> {
  const rows = await tx.db.windowSlot.findMany({ where: { targetSiteId: siteId, heldBookings: 0, startsAt: { gt: now } }, select: { id: true, slotKey: true } })
  for (const row of rows) {
    const slot = slotByKey(calendar, row.slotKey)
    if (slot === null) continue
    await tx.db.windowSlot.updateMany({
      where: { id: row.id, heldBookings: 0 },
      data: { startsAt: new Date(slot.startsAtMs), endsAt: new Date(slot.endsAtMs), lockoutAt: new Date(slot.lockoutAtMs), cutovers: slot.cutovers, bandwidthBytesPerSecond: slot.bandwidthBytesPerSecond === null ? null : BigInt(slot.bandwidthBytesPerSecond), staff: slot.staff },
    })
  }
}
