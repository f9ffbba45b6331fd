import { instantOfWallTime, wallTimeAt } from '@driftless/domain'
import type { Blackout, CalendarException, SiteCalendar, SlotPattern, SlotTerms } from '@driftless/domain'
import { parseMbits, toMinute, toTime, typedMbits } from './schedule-draft.ts'

const MINUTES_A_DAY = 1440

/** One slot as typed: times of the site's clock, the rate in Mbit/s; an empty rate or number of people is not counted. */
export type DraftSlot = { readonly key: number; readonly from: string; readonly lockout: string; readonly to: string; readonly cutovers: string; readonly mbits: string; readonly staff: string }
export type DraftPattern = DraftSlot & { readonly days: readonly number[] }
export type DraftException = { readonly key: number; readonly date: string; readonly reason: string; readonly slots: readonly DraftSlot[] }
/** Times of the site's clock, as a `datetime-local` field holds them. */
export type DraftBlackout = { readonly key: number; readonly from: string; readonly to: string; readonly reason: string }
export type CalendarDraft = {
  readonly zone: string
  readonly patterns: readonly DraftPattern[]
  readonly exceptions: readonly DraftException[]
  readonly blackouts: readonly DraftBlackout[]
  readonly noticeHours: string
  readonly holdHours: string
  readonly ownTimes: boolean
}

/** An evening for four VMs: what most sites begin with. */
export function newSlot(key: number): DraftSlot {
  return { key, from: '20:00', lockout: '23:30', to: '00:00', cutovers: '4', mbits: '', staff: '' }
}

/** A key that none of `lines` has. */
export function nextKey(lines: readonly { readonly key: number }[]): number {
  return Math.max(-1, ...lines.map(({ key }) => key)) + 1
}

export function toCalendarDraft(calendar: SiteCalendar | null, zone: string): CalendarDraft {
  if (calendar === null) return { zone, patterns: [{ ...newSlot(0), days: [2, 4] }], exceptions: [], blackouts: [], noticeHours: '24', holdHours: '48', ownTimes: true }
  const wall = (atMs: number) => wallTimeAt(atMs, calendar.zone)
  return {
    zone: calendar.zone, ownTimes: calendar.ownTimes, noticeHours: String(calendar.noticeHours), holdHours: String(calendar.holdHours),
    patterns: calendar.patterns.map((pattern, key) => ({ ...typedSlot(pattern, key), days: pattern.days })),
    exceptions: calendar.exceptions.map(({ date, reason, slots }, key) => ({ key, date, reason, slots: slots.map(typedSlot) })),
    blackouts: calendar.blackouts.map(({ fromMs, toMs, reason }, key) => ({ key, from: wall(fromMs), to: wall(toMs), reason })),
  }
}

function typedSlot(terms: SlotTerms, key: number): DraftSlot {
  const end = (terms.startMinute + terms.lengthMinutes) % MINUTES_A_DAY
  const lockout = (end - terms.lockoutMinutes + MINUTES_A_DAY) % MINUTES_A_DAY
  return { key, from: toTime(terms.startMinute), lockout: toTime(lockout), to: toTime(end), cutovers: String(terms.cutovers), mbits: typedMbits(terms.bandwidthBytesPerSecond), staff: terms.staff === null ? '' : String(terms.staff) }
}

/** What is wrong with a typed slot; null: nothing that can be said of it alone. */
export function slotFault(slot: DraftSlot): 'times' | 'lockout' | 'cutovers' | 'rate' | 'staff' | null {
  const [from, lockout, to] = [toMinute(slot.from), toMinute(slot.lockout), toMinute(slot.to)]
  if (from === null || to === null) return 'times'
  if (lockout === null || minutesBefore(to, lockout) >= lengthOf(from, to)) return 'lockout'
  if (whole(slot.cutovers) === undefined || slot.cutovers.trim() === '') return 'cutovers'
  if (parseMbits(slot.mbits) === undefined) return 'rate'
  return whole(slot.staff) === undefined ? 'staff' : null
}

export const exceptionFault = ({ date, slots }: DraftException): boolean => !/^\d{4}-\d{2}-\d{2}$/.test(date) || slots.some((slot) => slotFault(slot) !== null)

export function blackoutFault({ from, to, reason }: DraftBlackout, zone: string): 'times' | 'reason' | null {
  const [fromMs, toMs] = [instantOfWallTime(from, zone), instantOfWallTime(to, zone)]
  if (fromMs === null || toMs === null || fromMs >= toMs) return 'times'
  return reason.trim() === '' ? 'reason' : null
}

/** The calendar that was typed, `undefined` where a line has a fault. Whether it makes sense as a whole is for `checkCalendar` to say. `zone` is one. */
export function fromCalendarDraft(draft: CalendarDraft): SiteCalendar | undefined {
  const [noticeHours, holdHours] = [whole(draft.noticeHours), whole(draft.holdHours)]
  const patterns = draft.patterns.flatMap((pattern): SlotPattern[] => {
    const terms = termsOf(pattern)
    return terms === undefined || pattern.days.length === 0 ? [] : [{ ...terms, days: pattern.days.toSorted((one, other) => one - other) }]
  })
  const exceptions = draft.exceptions.flatMap((exception): CalendarException[] => exceptionFault(exception) ? [] : [{ date: exception.date, reason: exception.reason.trim(), slots: exception.slots.flatMap((slot) => termsOf(slot) ?? []) }])
  const blackouts = draft.blackouts.flatMap(({ from, to, reason }): Blackout[] => {
    const [fromMs, toMs] = [instantOfWallTime(from, draft.zone), instantOfWallTime(to, draft.zone)]
    return fromMs === null || toMs === null || fromMs >= toMs || reason.trim() === '' ? [] : [{ fromMs, toMs, reason: reason.trim() }]
  })
  const complete = patterns.length === draft.patterns.length && exceptions.length === draft.exceptions.length && blackouts.length === draft.blackouts.length
  if (!complete || noticeHours == null || holdHours == null) return undefined
  return { zone: draft.zone, patterns, exceptions, blackouts, noticeHours, holdHours, ownTimes: draft.ownTimes }
}

function termsOf(slot: DraftSlot): SlotTerms | undefined {
  const [startMinute, lockout, to, cutovers, bandwidthBytesPerSecond, staff] = [toMinute(slot.from), toMinute(slot.lockout), toMinute(slot.to), whole(slot.cutovers), parseMbits(slot.mbits), whole(slot.staff)]
  if (slotFault(slot) !== null || startMinute === null || lockout === null || to === null || cutovers == null || bandwidthBytesPerSecond === undefined || staff === undefined) return undefined
  return { startMinute, lengthMinutes: lengthOf(startMinute, to), lockoutMinutes: minutesBefore(to, lockout), cutovers, bandwidthBytesPerSecond, staff }
}

/** A slot that ends when it starts lasts a day. */
function lengthOf(from: number, to: number): number {
  return minutesBefore(to, from) || MINUTES_A_DAY
}

function minutesBefore(to: number, from: number): number {
  return (to - from + MINUTES_A_DAY) % MINUTES_A_DAY
}

/** A typed whole number; null where nothing is typed, `undefined` where it is none. */
function whole(typed: string): number | null | undefined {
  if (typed.trim() === '') return null
  return /^\d{1,6}$/.test(typed.trim()) ? Number(typed) : undefined
}
