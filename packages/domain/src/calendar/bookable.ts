import { DomainError } from '../errors.ts'
import { checkBookable, FURTHEST_AHEAD_MS, START_TOLERANCE_MS } from '../service-window.ts'
import type { ServiceWindow } from '../service-window.ts'
import type { Blackout, SiteCalendar, Slot } from './site-calendar.ts'
import { slotByKey, slotsOf } from './slots-of.ts'

const HOUR_MS = 3_600_000

/** What a booking wants of a slot: places for its wave's VMs, and what the customer asks for beside them. */
export type SlotDemand = { readonly cutovers: number; readonly bandwidthBytesPerSecond: number | null; readonly staff: number }
/** What is left of a slot; null: not counted. */
export type SlotRoom = { readonly cutovers: number; readonly bandwidthBytesPerSecond: number | null; readonly staff: number | null }

/** The first blackout that shares a moment with `startsAtMs` ≤ t < `endsAtMs`; null: none does. */
export function blackoutOver(calendar: SiteCalendar, startsAtMs: number, endsAtMs: number): Blackout | null {
  return calendar.blackouts.find(({ fromMs, toMs }) => fromMs < endsAtMs && toMs > startsAtMs) ?? null
}

/** Throws a `DomainError` when the calendar's rules forbid what lies between: WINDOW_BLACKOUT, WINDOW_NOTICE. */
export function checkCalendarRules(calendar: SiteCalendar, window: Pick<ServiceWindow, 'startsAtMs' | 'endsAtMs'>, nowMs: number, noticed: boolean): void {
  const blackout = blackoutOver(calendar, window.startsAtMs, window.endsAtMs)
  if (blackout !== null) throw new DomainError('WINDOW_BLACKOUT', `Nothing may be booked at this time: ${blackout.reason}.`, { reason: blackout.reason })
  if (noticed && window.startsAtMs < noticeEndsMs(calendar, nowMs))
    throw new DomainError('WINDOW_NOTICE', `A window is booked at least ${calendar.noticeHours} hours before it starts.`, { hours: calendar.noticeHours })
}

/** The first moment that may be booked at `nowMs`; without a notice period, "now" is. */
function noticeEndsMs(calendar: SiteCalendar, nowMs: number): number {
  return calendar.noticeHours === 0 ? nowMs - START_TOLERANCE_MS : nowMs + calendar.noticeHours * HOUR_MS
}

/**
 * Throws a `DomainError` when nobody could book `demand` of this slot at `nowMs`. `noticed` is false where the provider itself
 * offers it: its notice period protects the provider. WINDOW_IN_THE_PAST, WINDOW_TOO_FAR, WINDOW_BLACKOUT, WINDOW_NOTICE, SLOT_FULL,
 * SLOT_BANDWIDTH, SLOT_STAFF.
 */
export function checkSlot(calendar: SiteCalendar, slot: Pick<Slot, 'startsAtMs' | 'endsAtMs'>, room: SlotRoom, demand: SlotDemand, nowMs: number, noticed = true): void {
  if (slot.startsAtMs < nowMs - START_TOLERANCE_MS) throw new DomainError('WINDOW_IN_THE_PAST', 'The service window would start in the past.')
  if (slot.startsAtMs > nowMs + FURTHEST_AHEAD_MS) throw new DomainError('WINDOW_TOO_FAR', 'A service window starts within a year from now.')
  checkCalendarRules(calendar, slot, nowMs, noticed)
  if (demand.cutovers > room.cutovers) throw new DomainError('SLOT_FULL', `The wave has ${demand.cutovers} VMs, and this slot has room for ${room.cutovers} more.`, { needed: demand.cutovers, free: room.cutovers })
  if (room.bandwidthBytesPerSecond !== null && (demand.bandwidthBytesPerSecond ?? 0) > room.bandwidthBytesPerSecond)
    throw new DomainError('SLOT_BANDWIDTH', 'This slot has less bandwidth left than asked for.', { needed: mbits(demand.bandwidthBytesPerSecond ?? 0), free: mbits(room.bandwidthBytesPerSecond) })
  if (room.staff !== null && demand.staff > room.staff) throw new DomainError('SLOT_STAFF', `This slot has ${room.staff} people of the provider left, and ${demand.staff} are asked for.`, { needed: demand.staff, free: room.staff })
}

/**
 * Throws a `DomainError` when nobody could book a time of their own there at `nowMs` (`calendar` null: the site publishes nothing and takes
 * any time): the codes of `checkBookable`, OWN_TIMES_OFF, WINDOW_BLACKOUT, WINDOW_NOTICE, OWN_TIME_IN_SLOT.
 */
export function checkOwnTime(calendar: SiteCalendar | null, window: ServiceWindow, nowMs: number, noticed = true): void {
  checkBookable(window, nowMs)
  if (calendar === null) return
  if (noticed && !calendar.ownTimes) throw new DomainError('OWN_TIMES_OFF', 'This site takes bookings of its published slots only.')
  checkCalendarRules(calendar, window, nowMs, noticed)
  const inTheWay = slotsOf(calendar, window.startsAtMs, window.endsAtMs)
  if (inTheWay.length > 0) throw new DomainError('OWN_TIME_IN_SLOT', 'This time overlaps a published slot. Book that slot, or a time outside of it.')
}

/** As long as nobody has booked a slot. */
const NOTHING_HELD = { cutovers: 0, bandwidthBytesPerSecond: 0, staff: 0 }

/** What a slot's bookings leave of it; all of it where none is given. */
export function roomOf(slot: Pick<Slot, 'cutovers' | 'bandwidthBytesPerSecond' | 'staff'>, held: { readonly cutovers: number; readonly bandwidthBytesPerSecond: number; readonly staff: number } = NOTHING_HELD): SlotRoom {
  return {
    cutovers: slot.cutovers - held.cutovers,
    bandwidthBytesPerSecond: slot.bandwidthBytesPerSecond === null ? null : slot.bandwidthBytesPerSecond - held.bandwidthBytesPerSecond,
    staff: slot.staff === null ? null : slot.staff - held.staff,
  }
}

/** Until when a request or an offer made at `nowMs` holds its capacity, at its window's end at the latest; null: until that end. */
export function holdUntilMs(calendar: SiteCalendar | null, endsAtMs: number, nowMs: number): number | null {
  return calendar === null ? null : Math.min(endsAtMs, nowMs + calendar.holdHours * HOUR_MS)
}

function mbits(bytesPerSecond: number): number {
  return Math.floor((bytesPerSecond * 8) / 1_000_000)
}

/** Why a slot on a calendar's page cannot be chosen. */
export type SlotClosed = 'PAST' | 'NOTICE' | 'BLACKOUT' | 'FULL'

/** Why nobody can book this slot at `nowMs`; null: one place is free at least. `noticed` as in `checkSlot`. */
export function slotClosed(calendar: SiteCalendar, slot: Pick<Slot, 'startsAtMs' | 'endsAtMs'>, room: SlotRoom, nowMs: number, noticed = true): SlotClosed | null {
  if (slot.startsAtMs < nowMs - START_TOLERANCE_MS) return 'PAST'
  if (blackoutOver(calendar, slot.startsAtMs, slot.endsAtMs) !== null) return 'BLACKOUT'
  if (room.cutovers < 1) return 'FULL'
  return noticed && slot.startsAtMs < noticeEndsMs(calendar, nowMs) ? 'NOTICE' : null
}

/** What a booking that holds its time and a calendar have against one another: it lies in a blackout, its slot is not published any more, or a slot was put over a time of its own. */
export type CalendarConflict = 'BLACKOUT' | 'SLOT_GONE' | 'IN_SLOT'

/** What `calendar` has against a booking that holds its time (`slotKey` null: a time of its own); null: nothing. */
export function conflictOf(calendar: SiteCalendar, booking: { readonly slotKey: string | null; readonly startsAtMs: number; readonly endsAtMs: number }): CalendarConflict | null {
  if (blackoutOver(calendar, booking.startsAtMs, booking.endsAtMs) !== null) return 'BLACKOUT'
  if (booking.slotKey === null) return slotsOf(calendar, booking.startsAtMs, booking.endsAtMs).length > 0 ? 'IN_SLOT' : null
  const slot = slotByKey(calendar, booking.slotKey)
  return slot?.startsAtMs === booking.startsAtMs && slot.endsAtMs === booking.endsAtMs ? null : 'SLOT_GONE'
}
