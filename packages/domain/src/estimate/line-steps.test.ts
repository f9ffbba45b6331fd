import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { fairPart, lineSteps } from './line-steps.ts'

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
