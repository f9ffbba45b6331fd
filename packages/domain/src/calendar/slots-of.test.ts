import fc from 'fast-check'
import { Temporal } from 'temporal-polyfill'
import { describe, expect, it } from 'vitest'
import type { SiteCalendar, SlotTerms } from './site-calendar.ts'
import { slotByKey, slotsOf } from './slots-of.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS
const FROM = Temporal.Instant.from('2024-01-01T00:00Z')
const UNTIL_MS = Temporal.Instant.from('2031-01-01T00:00Z').epochMilliseconds
const EVERY_DAY = [1, 2, 3, 4, 5, 6, 7]
const ZONES = Intl.supportedValuesOf('timeZone')

const terms = (startMinute: number, lengthMinutes = 120): SlotTerms => ({ startMinute, lengthMinutes, lockoutMinutes: 30, cutovers: 4, bandwidthBytesPerSecond: null, staff: null })
const calendar = (zone: string, slots: readonly SlotTerms[], changed: Partial<SiteCalendar> = {}): SiteCalendar => ({ zone, patterns: slots.map((slot) => ({ ...slot, days: EVERY_DAY })), exceptions: [], blackouts: [], noticeHours: 0, holdHours: 48, ownTimes: true, ...changed })

/** Every jump of a zone's clock from 2024 to 2030: when, and by how much. */
function jumpsOf(zone: string): { atMs: number; byMs: number }[] {
  const jumps: { atMs: number; byMs: number }[] = []
  for (let at = FROM.toZonedDateTimeISO(zone).getTimeZoneTransition('next'); at !== null && at.epochMilliseconds < UNTIL_MS; at = at.getTimeZoneTransition('next')) {
    const byMs = (at.offsetNanoseconds - at.subtract({ nanoseconds: 1 }).offsetNanoseconds) / 1_000_000
    if (byMs !== 0) jumps.push({ atMs: at.epochMilliseconds, byMs })
  }
  return jumps
}

/** What a zone's clock on the wall shows, by Intl and not by Temporal, as minutes since 1970 of that clock. */
function wallClock(zone: string): (atMs: number) => number {
  const format = new Intl.DateTimeFormat('en-GB', { timeZone: zone, year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' })
  return (atMs) => {
    const parts = new Map(format.formatToParts(atMs).map(({ type, value }) => [type, Number(value)]))
    const part = (type: Intl.DateTimeFormatPartTypes) => parts.get(type) ?? Number.NaN
    return Date.UTC(part('year'), part('month') - 1, part('day'), part('hour'), part('minute')) / MINUTE_MS
  }
}
const wanted = (key: string) => Date.parse(`${key.slice(0, 16)}Z`) / MINUTE_MS

describe('slots on all days on which a clock jumps, in every zone, 2024 to 2030', () => {
  const zones = ZONES.map((zone) => ({ zone, jumps: jumpsOf(zone) })).filter(({ jumps }) => jumps.length > 0)

  it('knows the zones that jump, forwards and backwards, by an hour, half of one, and two', () => {
    expect(ZONES.length).toBeGreaterThan(400)
    expect(zones.length).toBeGreaterThan(100)
    const by = new Set(zones.flatMap(({ jumps }) => jumps.map(({ byMs }) => byMs / MINUTE_MS)))
    for (const minutes of [60, -60, 30, -30, 120, -120]) expect(by).toContain(minutes)
  })

  it('start as soon as the clock has come to their time, last exactly as long as they say, and lock out inside', () => {
    for (const { zone, jumps } of zones) {
      const clock = wallClock(zone)
      for (const { atMs, byMs } of jumps) {
        // Every half hour that the clock shows twice or leaves out, and those next to it.
        const first = clock(atMs) - Math.max(byMs, 0) / MINUTE_MS - 60
        const half = Array.from({ length: 4 + Math.abs(byMs) / MINUTE_MS / 30 }, (_, at) => terms((first + at * 30) % 1_440, 30))
        const found = slotsOf(calendar(zone, half), atMs - 3 * HOUR_MS, atMs + 3 * HOUR_MS)
        expect(found.map(({ key }) => key), zone).toEqual(expect.arrayContaining(half.map((_, at) => `${new Date((first + at * 30) * MINUTE_MS).toISOString().slice(0, 16)}[${zone}]`)))
        for (const slot of found) {
          const at = `${slot.key}, jump at ${new Date(atMs).toISOString()}`
          expect(slot.endsAtMs - slot.startsAtMs, at).toBe(30 * MINUTE_MS)
          expect(slot.endsAtMs - slot.lockoutAtMs, at).toBe(30 * MINUTE_MS)
          expect(clock(slot.startsAtMs), at).toBeGreaterThanOrEqual(wanted(slot.key))
          for (let before = 1; before <= 3 * 60; before += 59) expect(clock(slot.startsAtMs - before * MINUTE_MS), at).toBeLessThan(wanted(slot.key))
        }
      }
    }
  })

  it('are each there once on each day, on the right weekday, in order, and no two of one pattern overlap', () => {
    for (const { zone, jumps } of zones) {
      for (const { atMs } of jumps) {
        const day = Temporal.Instant.fromEpochMilliseconds(atMs).toZonedDateTimeISO(zone).toPlainDate()
        for (const startMinute of [0, 90, 150]) {
          const { weekday, found } = around(zone, day, startMinute)
          expect(found.map(({ key }) => key.slice(0, 10)), `${zone} ${day.toString()}`).toEqual([-1, 0, 1].map((days) => day.add({ days }).toString()))
          for (const [at, slot] of found.slice(1).entries()) expect(slot.startsAtMs, slot.key).toBeGreaterThanOrEqual(found[at]?.endsAtMs ?? Infinity)
          expect(weekday.map(({ key }) => key), zone).toEqual(found.filter(({ key }) => key.startsWith(day.toString())).map(({ key }) => key))
        }
      }
    }
  })

  /** A daily pattern of the greatest length on the three days around a jump, and the one that names that weekday alone. */
  function around(zone: string, day: Temporal.PlainDate, startMinute: number) {
    const [fromMs, toMs] = [-1, 2].map((days) => day.add({ days }).toZonedDateTime(zone).epochMilliseconds)
    if (fromMs === undefined || toMs === undefined) throw new Error('Two days were asked for.')
    const daily = calendar(zone, [terms(startMinute, 20 * 60)])
    const begun = (one: SiteCalendar) => slotsOf(one, fromMs, toMs).filter(({ startsAtMs }) => startsAtMs >= fromMs && startsAtMs < toMs)
    return { found: begun(daily), weekday: begun({ ...daily, patterns: daily.patterns.map((pattern) => ({ ...pattern, days: [day.dayOfWeek] })) }) }
  }

  it('are found again by their keys', () => {
    for (const { zone, jumps } of zones) {
      const published = calendar(zone, [terms(0), terms(150), terms(1_380, 59)])
      for (const { atMs } of jumps.slice(0, 4)) for (const slot of slotsOf(published, atMs - DAY_MS, atMs + DAY_MS)) expect(slotByKey(published, slot.key)).toEqual(slot)
    }
  })
})

it('in any zone, at any time, whatever is asked for: the same slots in parts as in one go, each with what it was published with', () => {
  const cases = fc.record({
    zone: fc.constantFrom(...ZONES), fromMs: fc.integer({ min: FROM.epochMilliseconds, max: UNTIL_MS }), hours: fc.integer({ min: 1, max: 200 }), part: fc.double({ min: 0.01, max: 0.99, noNaN: true }),
    startMinute: fc.integer({ min: 0, max: 1_439 }), lengthMinutes: fc.integer({ min: 15, max: 1_200 }), days: fc.uniqueArray(fc.integer({ min: 1, max: 7 }), { minLength: 1 }),
  })
  fc.assert(fc.property(cases, ({ zone, fromMs, hours, part, startMinute, lengthMinutes, days }) => {
    const one = calendar(zone, [], { patterns: [{ ...terms(startMinute, lengthMinutes), lockoutMinutes: 7, days }] })
    const toMs = fromMs + hours * HOUR_MS
    const middleMs = Math.round(fromMs + (toMs - fromMs) * part)
    const all = slotsOf(one, fromMs, toMs)
    const parts = new Map([...slotsOf(one, fromMs, middleMs), ...slotsOf(one, middleMs, toMs)].map((slot) => [slot.key, slot]))
    expect([...parts.values()]).toEqual(all)
    for (const slot of all) {
      expect(slot.endsAtMs - slot.startsAtMs).toBe(lengthMinutes * MINUTE_MS)
      expect(slot.endsAtMs - slot.lockoutAtMs).toBe(7 * MINUTE_MS)
      expect(days).toContain(Temporal.PlainDate.from(slot.key.slice(0, 10)).dayOfWeek)
      expect(slotByKey(one, slot.key)).toEqual(slot)
    }
  }), { numRuns: 400 })
})

it('an exception replaces the slots that start on its date, and no others', () => {
  const closed = { date: '2026-12-24', reason: 'Christmas Eve', slots: [] }
  const short = { date: '2026-12-31', reason: 'Early', slots: [terms(480, 60)] }
  const found = slotsOf(calendar('Europe/Zurich', [terms(22 * 60)], { exceptions: [closed, short] }), Date.UTC(2026, 11, 23, 12), Date.UTC(2027, 0, 1, 12))
  expect(found.map(({ key }) => key.slice(0, 16))).toEqual(['2026-12-23T22:00', '2026-12-25T22:00', '2026-12-26T22:00', '2026-12-27T22:00', '2026-12-28T22:00', '2026-12-29T22:00', '2026-12-30T22:00', '2026-12-31T08:00'])
})

it.each(['2026-12-23T22:01[Europe/Zurich]', '2026-12-23T22:00[Europe/Paris]', '2026-02-30T22:00[Europe/Zurich]', '', '22:00', '2026-12-23T22:00[Europe/Zurich]x'])('%j is no slot of the calendar', (key) => {
  expect(slotByKey(calendar('Europe/Zurich', [terms(22 * 60)]), key)).toBeNull()
})

it('is empty where nothing is asked for', () => expect(slotsOf(calendar('UTC', [terms(0)]), 5, 5)).toEqual([]))
