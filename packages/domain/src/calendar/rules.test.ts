import { describe, expect, it } from 'vitest'
import { DomainError } from '../errors.ts'
import { checkOwnTime, checkSlot, conflictOf, holdUntilMs, roomOf, slotClosed } from './bookable.ts'
import { checkCalendar } from './check-calendar.ts'
import { siteCalendar } from './calendar-schema.ts'
import type { SiteCalendar, SlotPattern } from './site-calendar.ts'

const HOUR_MS = 3_600_000
/** A Monday. */
const NOW = Date.UTC(2026, 11, 7, 8)
const PATTERN: SlotPattern = { days: [1, 3, 7], startMinute: 22 * 60, lengthMinutes: 240, lockoutMinutes: 60, cutovers: 4, bandwidthBytesPerSecond: 125_000_000, staff: 2 }
const CALENDAR: SiteCalendar = {
  zone: 'UTC', patterns: [PATTERN], exceptions: [{ date: '2026-12-24', reason: 'Christmas Eve', slots: [] }], noticeHours: 24, holdHours: 48, ownTimes: true,
  blackouts: [{ fromMs: NOW + 200 * HOUR_MS, toMs: NOW + 210 * HOUR_MS, reason: 'Network works' }],
}
const codeOf = (work: () => void): string | null => {
  try {
    work()
  } catch (error) {
    if (error instanceof DomainError) return error.code
    throw error
  }
  return null
}

describe('checkCalendar', () => {
  it.each<[string, Partial<SiteCalendar>, string | null]>([
    ['a sound one', {}, null],
    ['nothing published', { patterns: [], exceptions: [], blackouts: [] }, null],
    ['no such zone', { zone: 'Mars/Olympus' }, 'TIME_ZONE'],
    ['no days', { patterns: [{ ...PATTERN, days: [] }] }, 'CALENDAR_SLOT'],
    ['a day twice', { patterns: [{ ...PATTERN, days: [1, 1] }] }, 'CALENDAR_SLOT'],
    ['an eighth day', { patterns: [{ ...PATTERN, days: [8] }] }, 'CALENDAR_SLOT'],
    ['a start at midnight’s end', { patterns: [{ ...PATTERN, startMinute: 1_440 }] }, 'CALENDAR_SLOT'],
    ['too short', { patterns: [{ ...PATTERN, lengthMinutes: 14, lockoutMinutes: 0 }] }, 'CALENDAR_SLOT'],
    ['too long', { patterns: [{ ...PATTERN, days: [1], lengthMinutes: 1_201 }] }, 'CALENDAR_SLOT'],
    ['a lockout before the start', { patterns: [{ ...PATTERN, lockoutMinutes: 240 }] }, 'CALENDAR_SLOT'],
    ['room for nobody', { patterns: [{ ...PATTERN, cutovers: 0 }] }, 'CALENDAR_SLOT'],
    ['half a person', { patterns: [{ ...PATTERN, staff: 0.5 }] }, 'CALENDAR_SLOT'],
    ['a link of one byte', { patterns: [{ ...PATTERN, bandwidthBytesPerSecond: 1 }] }, 'CALENDAR_SLOT'],
    ['one slot right after the other', { patterns: [PATTERN, { ...PATTERN, startMinute: 18 * 60 }] }, null],
    ['two that overlap', { patterns: [PATTERN, { ...PATTERN, startMinute: 18 * 60 + 1 }] }, 'CALENDAR_OVERLAP'],
    ['one that reaches over midnight into another', { patterns: [PATTERN, { ...PATTERN, days: [2], startMinute: 60, lengthMinutes: 60, lockoutMinutes: 0 }] }, 'CALENDAR_OVERLAP'],
    ['one that reaches over Sunday into Monday', { patterns: [PATTERN, { ...PATTERN, days: [1], startMinute: 119, lengthMinutes: 60, lockoutMinutes: 0 }] }, 'CALENDAR_OVERLAP'],
    ['a date that there is not', { exceptions: [{ date: '2026-02-30', reason: '', slots: [] }] }, 'CALENDAR_DATE'],
    ['a date twice', { exceptions: [{ date: '2026-12-24', reason: '', slots: [] }, { date: '2026-12-24', reason: '', slots: [] }] }, 'CALENDAR_DATE'],
    ['an exception whose slots overlap', { exceptions: [{ date: '2026-12-24', reason: '', slots: [PATTERN, PATTERN] }] }, 'CALENDAR_OVERLAP'],
    // Monday's slot reaches to 02:00 on Tuesday, the 8th; the one of the exception begins before that.
    ['an exception into which the evening before reaches', { exceptions: [{ date: '2026-12-08', reason: '', slots: [{ ...PATTERN, startMinute: 119, lengthMinutes: 60, lockoutMinutes: 0 }] }] }, 'CALENDAR_OVERLAP'],
    ['an exception right after that', { exceptions: [{ date: '2026-12-08', reason: '', slots: [{ ...PATTERN, startMinute: 120, lengthMinutes: 60, lockoutMinutes: 0 }] }] }, null],
    ['an exception that reaches into the next day’s slot', { exceptions: [{ date: '2026-12-08', reason: '', slots: [{ ...PATTERN, startMinute: 23 * 60, lengthMinutes: 1_200 }] }], patterns: [{ ...PATTERN, days: [3], startMinute: 8 * 60 }] }, 'CALENDAR_OVERLAP'],
    ['two exceptions that overlap over midnight', { patterns: [], exceptions: [{ date: '2026-12-31', reason: '', slots: [PATTERN] }, { date: '2027-01-01', reason: '', slots: [{ ...PATTERN, startMinute: 0, lengthMinutes: 60, lockoutMinutes: 0 }] }] }, 'CALENDAR_OVERLAP'],
    ['a blackout that ends before it begins', { blackouts: [{ fromMs: 2, toMs: 1, reason: 'x' }] }, 'CALENDAR_BLACKOUT'],
    ['a blackout without a reason', { blackouts: [{ fromMs: 1, toMs: 2, reason: ' ' }] }, 'CALENDAR_BLACKOUT'],
    ['a negative notice', { noticeHours: -1 }, 'CALENDAR_HOURS'],
    ['no time to answer', { holdHours: 0 }, 'CALENDAR_HOURS'],
    ['too many patterns', { patterns: Array.from({ length: 41 }, () => PATTERN) }, 'CALENDAR_TOO_LONG'],
  ])('%s', (_what, changed, wanted) => expect(codeOf(() => checkCalendar({ ...CALENDAR, ...changed }))).toBe(wanted))

  it('is stored and read back as it is', () => expect(siteCalendar.parse(JSON.parse(JSON.stringify(CALENDAR)))).toEqual(CALENDAR))
})

describe('checkSlot', () => {
  const ROOM = { cutovers: 3, bandwidthBytesPerSecond: 1_000_000, staff: 1 }
  const at = (hours: number) => ({ startsAtMs: NOW + hours * HOUR_MS, endsAtMs: NOW + (hours + 4) * HOUR_MS })
  const DEMAND = { cutovers: 3, bandwidthBytesPerSecond: 1_000_000, staff: 1 }
  it.each<[string, number, Partial<typeof DEMAND>, boolean, string | null]>([
    ['all that is left', 24, {}, true, null],
    ['one VM too many', 24, { cutovers: 4 }, true, 'SLOT_FULL'],
    ['a byte too many', 24, { bandwidthBytesPerSecond: 1_000_001 }, true, 'SLOT_BANDWIDTH'],
    ['a person too many', 24, { staff: 2 }, true, 'SLOT_STAFF'],
    ['inside the notice period', 23.9, {}, true, 'WINDOW_NOTICE'],
    ['inside the notice period, offered by the provider', 23.9, {}, false, null],
    ['in the past, offered by the provider', -1, {}, false, 'WINDOW_IN_THE_PAST'],
    ['ends as a blackout begins', 196, {}, true, null],
    ['runs into a blackout', 196.1, {}, true, 'WINDOW_BLACKOUT'],
    ['runs into a blackout, offered by the provider', 196.1, {}, false, 'WINDOW_BLACKOUT'],
    ['starts as a blackout ends', 210, {}, true, null],
    ['two years ahead', 24 * 730, {}, true, 'WINDOW_TOO_FAR'],
  ])('%s', (_what, hours, changed, noticed, wanted) => expect(codeOf(() => checkSlot(CALENDAR, at(hours), ROOM, { ...DEMAND, ...changed }, NOW, noticed))).toBe(wanted))

  it('counts what is not counted as never full', () => expect(codeOf(() => checkSlot(CALENDAR, at(24), { cutovers: 3, bandwidthBytesPerSecond: null, staff: null }, { cutovers: 1, bandwidthBytesPerSecond: 1e12, staff: 99 }, NOW))).toBeNull())
  it('leaves what its bookings do not hold', () => expect(roomOf(PATTERN, { cutovers: 1, bandwidthBytesPerSecond: 25_000_000, staff: 2 })).toEqual({ cutovers: 3, bandwidthBytesPerSecond: 100_000_000, staff: 0 }))
})

describe('checkOwnTime', () => {
  const window = (hours: number, length = 2) => ({ startsAtMs: NOW + hours * HOUR_MS, endsAtMs: NOW + (hours + length) * HOUR_MS, lockoutAtMs: NOW + (hours + length - 0.5) * HOUR_MS })
  it.each<[string, SiteCalendar | null, number, boolean, string | null]>([
    ['no calendar: any time', null, 0, true, null],
    ['outside of the slots', CALENDAR, 30, true, null],
    ['up to a slot’s start (Wednesday, 22:00)', CALENDAR, 60, true, null],
    ['into a slot', CALENDAR, 60.1, true, 'OWN_TIME_IN_SLOT'],
    ['into a slot, offered by the provider', CALENDAR, 60.1, false, 'OWN_TIME_IN_SLOT'],
    ['inside the notice period', CALENDAR, 20, true, 'WINDOW_NOTICE'],
    ['in a blackout', CALENDAR, 205, true, 'WINDOW_BLACKOUT'],
    ['where the site takes none', { ...CALENDAR, ownTimes: false }, 30, true, 'OWN_TIMES_OFF'],
    ['where the site takes none, offered by the provider', { ...CALENDAR, ownTimes: false }, 30, false, null],
  ])('%s', (_what, calendar, hours, noticed, wanted) => expect(codeOf(() => checkOwnTime(calendar, window(hours), NOW, noticed))).toBe(wanted))
  it('without notice, "now" is as good as without a calendar', () => expect(codeOf(() => checkOwnTime({ ...CALENDAR, patterns: [], noticeHours: 0 }, window(-0.02), NOW))).toBeNull())
})

it('an unanswered request is held as long as the calendar says, and never past its end', () => {
  expect(holdUntilMs(null, NOW, 0)).toBeNull()
  expect(holdUntilMs(CALENDAR, NOW + 100 * HOUR_MS, NOW)).toBe(NOW + 48 * HOUR_MS)
  expect(holdUntilMs(CALENDAR, NOW + 10 * HOUR_MS, NOW)).toBe(NOW + 10 * HOUR_MS)
})

it.each([
  ['free', 24, 1, true, null], ['full', 24, 0, true, 'FULL'], ['past', -1, 1, true, 'PAST'], ['in a blackout, whoever asks', 205, 1, false, 'BLACKOUT'],
  ['too soon for a customer', 23, 1, true, 'NOTICE'], ['soon, for the provider', 23, 1, false, null],
] as const)('a slot is %s', (_what, hours, cutovers, noticed, wanted) => {
  expect(slotClosed(CALENDAR, { startsAtMs: NOW + hours * HOUR_MS, endsAtMs: NOW + (hours + 1) * HOUR_MS }, { cutovers, bandwidthBytesPerSecond: null, staff: 0 }, NOW, noticed)).toBe(wanted)
})

it.each([
  ['a time of its own outside of slots', null, 30, 2, null], ['a time of its own in a slot', null, 13, 2, 'IN_SLOT'], ['anything in a blackout', null, 205, 1, 'BLACKOUT'],
  ['a slot that is published', '2026-12-07T22:00[UTC]', 14, 4, null], ['a slot that has another length now', '2026-12-07T22:00[UTC]', 14, 3, 'SLOT_GONE'], ['a slot that is gone', '2026-12-08T22:00[UTC]', 38, 4, 'SLOT_GONE'],
] as const)('a calendar and %s', (_what, slotKey, from, length, wanted) => {
  expect(conflictOf(CALENDAR, { slotKey, startsAtMs: NOW + from * HOUR_MS, endsAtMs: NOW + (from + length) * HOUR_MS })).toBe(wanted)
})
