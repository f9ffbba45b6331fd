import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DomainError } from './errors.ts'
import { nextRateChangeMs, rateAt } from './rate-at.ts'
import { MINUTES_A_DAY, checkSchedule } from './rate-schedule.ts'
import type { RateRule, RateSchedule } from './rate-schedule.ts'

const MINUTE_MS = 60_000
const SLOW = 2_500_000
const FAST = 125_000_000
const WORKING_DAYS = [1, 2, 3, 4, 5]
const ZURICH = 'Europe/Zurich'

const office: RateSchedule = { zone: ZURICH, rules: [{ days: WORKING_DAYS, fromMinute: 8 * 60, toMinute: 18 * 60, bytesPerSecond: SLOW }] }
const night = (zone: string, from: number, to: number): RateSchedule => ({ zone, rules: [{ days: [7], fromMinute: from, toMinute: to, bytesPerSecond: SLOW }] })
const ms = (iso: string) => Date.parse(iso)

describe('rateAt', () => {
  it.each<[string, string, number | null]>([
    ['a Wednesday morning', '2026-11-25T09:00:00+01:00', SLOW],
    ['the first moment', '2026-11-25T08:00:00+01:00', SLOW],
    ['the moment before', '2026-11-25T07:59:59.999+01:00', FAST],
    ['the end belongs to nobody', '2026-11-25T18:00:00+01:00', FAST],
    ['a Saturday', '2026-11-28T09:00:00+01:00', FAST],
    ['the same hour in summer', '2026-07-01T08:00:00+02:00', SLOW],
    ['an hour before it in summer', '2026-07-01T07:59:00+02:00', FAST],
  ])('%s', (_name, instant, rate) => expect(rateAt(office, FAST, ms(instant))).toBe(rate))

  it('runs over midnight into a day that is not named', () => {
    const schedule: RateSchedule = { zone: ZURICH, rules: [{ days: [5], fromMinute: 22 * 60, toMinute: 6 * 60, bytesPerSecond: null }] }
    expect(rateAt(schedule, SLOW, ms('2026-11-27T23:00:00+01:00'))).toBeNull()
    expect(rateAt(schedule, SLOW, ms('2026-11-28T05:59:00+01:00'))).toBeNull()
    expect(rateAt(schedule, SLOW, ms('2026-11-28T06:00:00+01:00'))).toBe(SLOW)
    expect(rateAt(schedule, SLOW, ms('2026-11-27T05:00:00+01:00'))).toBe(SLOW)
  })

  it('takes the lowest where lines overlap, and a day from midnight to midnight', () => {
    const all = { days: [1, 2, 3, 4, 5, 6, 7], fromMinute: 0, toMinute: 0, bytesPerSecond: null }
    expect(rateAt({ zone: ZURICH, rules: [all, ...office.rules] }, FAST, ms('2026-11-25T09:00:00+01:00'))).toBe(SLOW)
    expect(rateAt({ zone: ZURICH, rules: [all] }, FAST, ms('2026-11-25T00:00:00+01:00'))).toBeNull()
  })

  it('passes over an hour that does not happen, and holds twice in one that happens twice', () => {
    // Zürich, 2026: clocks go forward on 29 March at 02:00, and back on 25 October at 03:00. Both are Sundays.
    const schedule = night(ZURICH, 2 * 60, 3 * 60)
    expect(rateAt(schedule, FAST, ms('2026-03-29T01:59:59+01:00'))).toBe(FAST)
    expect(rateAt(schedule, FAST, ms('2026-03-29T03:00:00+02:00'))).toBe(FAST)
    expect(rateAt(schedule, FAST, ms('2026-10-25T02:30:00+02:00'))).toBe(SLOW)
    expect(rateAt(schedule, FAST, ms('2026-10-25T02:30:00+01:00'))).toBe(SLOW)
  })
})

describe('nextRateChangeMs', () => {
  it.each<[string, RateSchedule, string, string]>([
    ['the end of the day', office, '2026-11-25T09:00:00+01:00', '2026-11-25T18:00:00+01:00'],
    ['over a weekend', office, '2026-11-27T18:00:00+01:00', '2026-11-30T08:00:00+01:00'],
    ['over a change of clocks', office, '2026-03-27T18:00:00+01:00', '2026-03-30T08:00:00+02:00'],
    ['a rule that begins in the hour that is left out', night(ZURICH, 150, 210), '2026-03-29T01:00:00+01:00', '2026-03-29T03:00:00+02:00'],
    ['a rule that begins a second time', night(ZURICH, 120, 150), '2026-10-25T02:30:00+02:00', '2026-10-25T02:00:00+01:00'],
    ['a jump of half an hour, as on Lord Howe: back from 02:00 to 01:30', night('Australia/Lord_Howe', 90, 120), '2026-04-05T01:00:00+11:00', '2026-04-05T01:30:00+11:00'],
  ])('%s', (_name, schedule, from, to) => expect(nextRateChangeMs(schedule, FAST, ms(from))).toBe(ms(to)))

  it('is never when the rules say nothing else', () => {
    expect(nextRateChangeMs({ zone: ZURICH, rules: [] }, FAST, 0)).toBeNull()
    expect(nextRateChangeMs(office, SLOW, 0)).toBeNull()
  })

  // Every zone's own jumps; the reference is a walk over the minutes.
  const minute = fc.integer({ min: 0, max: MINUTES_A_DAY / 15 - 1 }).map((quarter) => quarter * 15)
  const rule: fc.Arbitrary<RateRule> = fc.record({ days: fc.uniqueArray(fc.integer({ min: 1, max: 7 }), { minLength: 1 }), fromMinute: minute, toMinute: minute, bytesPerSecond: fc.constantFrom(SLOW, FAST, null) })
  it.each(Intl.supportedValuesOf('timeZone'))('agrees with a clock on the wall of %s', (zone) => {
    const around = [ms('2026-03-29T00:00:00Z'), ms('2026-04-05T00:00:00Z'), ms('2026-10-25T00:00:00Z'), ms('2026-11-01T00:00:00Z'), ms('2026-03-08T00:00:00Z'), ms('2026-09-06T00:00:00Z')]
    fc.assert(fc.property(fc.array(rule, { minLength: 1, maxLength: 3 }), fc.constantFrom(...around), fc.integer({ min: -1_440, max: 1_440 }), (rules, near, minutes) => {
      const schedule = { zone, rules }
      const from = near + minutes * MINUTE_MS
      const change = nextRateChangeMs(schedule, SLOW, from)
      const present = rateAt(schedule, SLOW, from)
      if (change !== null) expect(rateAt(schedule, SLOW, change)).not.toBe(present)
      // Nothing changes before it: a day's quarters of an hour are looked at one by one.
      const until = Math.min(change ?? Number.POSITIVE_INFINITY, from + 86_400_000)
      for (let instant = from; instant < until; instant += 15 * MINUTE_MS) if (rateAt(schedule, SLOW, instant) !== present) throw new Error(`it changed at ${new Date(instant).toISOString()}`)
    }), { numRuns: 4 })
  })
})

describe('checkSchedule', () => {
  const code = (schedule: RateSchedule): string | null => {
    try {
      checkSchedule(schedule)
      return null
    } catch (error) {
      if (error instanceof DomainError) return error.code
      throw error
    }
  }
  const sound: RateRule = { days: [1], fromMinute: 0, toMinute: 60, bytesPerSecond: SLOW }
  it.each<[string, RateSchedule, string | null]>([
    ['a sound one', { zone: ZURICH, rules: [sound] }, null],
    ['no such zone', { zone: 'Europe/Nowhere', rules: [] }, 'TIME_ZONE'],
    ['no day', { zone: ZURICH, rules: [{ ...sound, days: [] }] }, 'RATE_SCHEDULE'],
    ['an eighth day', { zone: ZURICH, rules: [{ ...sound, days: [8] }] }, 'RATE_SCHEDULE'],
    ['a day twice', { zone: ZURICH, rules: [{ ...sound, days: [1, 1] }] }, 'RATE_SCHEDULE'],
    ['a time that is none', { zone: ZURICH, rules: [{ ...sound, toMinute: MINUTES_A_DAY }] }, 'RATE_SCHEDULE'],
    ['half a minute', { zone: ZURICH, rules: [{ ...sound, fromMinute: 0.5 }] }, 'RATE_SCHEDULE'],
    ['too slow', { zone: ZURICH, rules: [{ ...sound, bytesPerSecond: 1 }] }, 'LINK_RATE'],
    ['too many', { zone: ZURICH, rules: Array.from({ length: 21 }, () => sound) }, 'RATE_SCHEDULE'],
  ])('%s', (_name, schedule, expected) => expect(code(schedule)).toBe(expected))
})
