import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { rateAt } from '../rate-at.ts'
import { fairPart, isWeekly, lineSteps, meanLine } from './line-steps.ts'

const HOUR = 3_600
const EVERY_DAY = [1, 2, 3, 4, 5, 6, 7]
/** A Sunday, 23:00 in Zurich. */
const START = Date.UTC(2026, 0, 4, 22)
const line = (bytesPerSecond: number) => ({ p50BytesPerSecond: bytesPerSecond, p90BytesPerSecond: bytesPerSecond / 2 })
const at = (link: Parameters<typeof lineSteps>[0]['link'], count = 4) => lineSteps({ link, startAtMs: START, timeZone: 'Europe/Zurich' }, HOUR, count)

describe('a line in steps', () => {
  it('gives the same all day, and is not limited', () => expect(at(line(10), 2)).toEqual({ p50: Float64Array.of(10, 10), p90: Float64Array.of(5, 5), limit: Float64Array.of(Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY) }))
  it('gives what it gives at the hours of the zone’s clock', () => expect([...at({ ...line(10), byHour: [{ hour: 0, ...line(40) }] }).p50]).toEqual([10, 40, 10, 10]))
  it('is limited by the timetable of its own zone, over the end of the week', () => {
    const schedule = { zone: 'UTC', rules: [{ days: [1], fromMinute: 0, toMinute: 60, bytesPerSecond: 3 }] }
    expect([...at({ ...line(10), limit: { schedule, siteBytesPerSecond: 7 } }).limit]).toEqual([7, 7, 3, 7])
  })
  it('counts parts of an hour', () => {
    const schedule = { zone: 'Europe/Zurich', rules: [{ days: EVERY_DAY, fromMinute: 23 * 60, toMinute: 23 * 60 + 30, bytesPerSecond: 4 }] }
    expect([...at({ ...line(10), limit: { schedule, siteBytesPerSecond: null } }, 2).limit]).toEqual([7, Number.POSITIVE_INFINITY])
  })
})

it('gives in the mean of a week what its hours and its timetable let it, whenever it is asked', () => {
  const schedule = { zone: 'Europe/Zurich', rules: [{ days: [1, 2, 3, 4, 5], fromMinute: 8 * 60, toMinute: 20 * 60, bytesPerSecond: 3 }] }
  const link = { ...line(10), byHour: [{ hour: 3, ...line(20) }], limit: { schedule, siteBytesPerSecond: 12 } }
  for (const hours of [0, 5, 100]) {
    const mean = meanLine({ link, startAtMs: START + hours * HOUR * 1000, timeZone: 'Europe/Zurich' })
    expect(mean.p50BytesPerSecond).toBeCloseTo((60 * 3 + 7 * 12 + 101 * 10) / 168, 9)
    expect(mean.p90BytesPerSecond).toBeCloseTo((60 * 3 + 7 * 10 + 101 * 5) / 168, 9)
  }
})

describe('a line while clocks are changed', () => {
  const nightly = { ...line(10), byHour: [{ hour: 3, ...line(40) }] }
  // Of Zurich in 2026: forward from 02:00 on Sunday, 29 March; back from 03:00 on Sunday, 25 October.
  const from = (startAtMs: number, link: Parameters<typeof lineSteps>[0]['link'], count: number) => lineSteps({ link, startAtMs, timeZone: 'Europe/Zurich' }, HOUR, count)
  it.each([
    ['forward', Date.UTC(2026, 2, 29, 0), [10, 40, 10, 10]],
    ['back', Date.UTC(2026, 9, 25, 0), [10, 10, 40, 10]],
  ])('gives what it gives at its hour: %s', (_name, startAtMs, rates) => {
    expect([...from(startAtMs, nightly, 4).p50]).toEqual(rates)
    // The night after as well.
    expect([...from(startAtMs, nightly, 48).p50].flatMap((rate, hour) => (rate === 40 ? [new Date(startAtMs + hour * HOUR * 1000).toLocaleTimeString('en-GB', { timeZone: 'Europe/Zurich', hour: '2-digit' })] : []))).toEqual(['03', '03'])
  })
  test('holds the same limits as the agents are told, hour by hour and week by week', () => {
    const schedule = { zone: 'Europe/Zurich', rules: [{ days: [1, 2, 3, 4, 5], fromMinute: 8 * 60, toMinute: 18 * 60, bytesPerSecond: 3 }, { days: [7], fromMinute: 23 * 60, toMinute: 60, bytesPerSecond: 5 }] }
    const link = { ...line(10), limit: { schedule, siteBytesPerSecond: 8 } }
    fc.assert(fc.property(fc.integer({ min: 0, max: 366 * 24 }), (hours) => {
      const startAtMs = Date.UTC(2026, 0, 1) + hours * HOUR * 1000
      const { limit } = from(startAtMs, link, 14 * 24)
      for (const [hour, rate] of limit.entries()) expect(rate).toBe(rateAt(schedule, 8, startAtMs + (hour + 0.5) * HOUR * 1000))
    }), { numRuns: 60 })
  })
  it('does not repeat its first week where clocks are changed in one', () => {
    const input = { link: { ...line(10), byHour: [] }, startAtMs: Date.UTC(2026, 9, 20), timeZone: 'Europe/Zurich' }
    expect(isWeekly(input, 4 * 24 * HOUR)).toBe(true)
    expect(isWeekly(input, 7 * 24 * HOUR)).toBe(false)
    expect(isWeekly({ ...input, timeZone: 'UTC' }, 90 * 24 * HOUR)).toBe(true)
  })
})

describe('a fair part of a line', () => {
  it.each([
    ['alone, all of it', [], 12],
    ['beside one that wants everything, half', [null], 6],
    ['beside a modest one, the rest', [2], 10],
    ['beside both, an equal part of what the modest one leaves', [null, 2], 5],
    ['beside one that wants more than its part, half', [100], 6],
  ])('%s', (_name, others, part) => expect(fairPart(12, others)).toBe(part))
  test('is never less than equal, nor more than there is', () => {
    fc.assert(fc.property(fc.nat(1_000), fc.array(fc.option(fc.nat(1_000)), { maxLength: 6 }), (rate, others) => {
      const part = fairPart(rate, others)
      expect(part + 1e-9).toBeGreaterThanOrEqual(rate / (others.length + 1))
      expect(part).toBeLessThanOrEqual(rate)
    }))
  })
})
