import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { concave, newShares, uniqueBytesWithin } from './working-set-curve.ts'

const point = (spanSeconds: number, uniqueBytes: number) => ({ spanSeconds, uniqueBytes })
const CURVE = [point(60, 60), point(300, 180), point(3_600, 840)]

describe('the share of writes that is new', () => {
  it('is the curve’s slope at what waits, relative to single intervals', () => {
    expect(newShares(CURVE, 60)).toEqual([{ untilBytes: 60, share: 1 }, { untilBytes: 180, share: 0.5 }, { untilBytes: Number.POSITIVE_INFINITY, share: 0.2 }])
  })
  it('is unknown without a curve, or with one that is shorter than an interval', () => {
    expect(newShares([], 60)).toEqual([])
    expect(newShares(CURVE, 7_200)).toEqual([])
  })
})

describe('unique bytes within a span', () => {
  it.each([[0, 0], [30, 30], [60, 60], [180, 120], [3_600, 840]])('%d s: %d', (seconds, bytes) => expect(uniqueBytesWithin(CURVE, seconds)).toBeCloseTo(bytes, 9))
  it('go on as a power of time beyond the last point', () => {
    const exponent = Math.log(840 / 180) / Math.log(12)
    expect(uniqueBytesWithin(CURVE, 7_200)).toBeCloseTo(840 * 2 ** exponent, 9)
    expect(uniqueBytesWithin([point(60, 60)], 120)).toBe(120)
  })
  it('are unknown without a curve', () => expect(uniqueBytesWithin([], 60)).toBeNull())
})

test('a curve is made concave and rising, and spans need no order', () => {
  const points = fc.array(fc.record({ spanSeconds: fc.integer({ min: 1, max: 90_000 }), uniqueBytes: fc.nat(1_000_000) }), { minLength: 1, maxLength: 8 })
  fc.assert(fc.property(points, fc.integer({ min: 1, max: 400_000 }), (some, seconds) => {
    const curve = concave(some)
    let [before, slope] = [point(0, 0), Number.POSITIVE_INFINITY]
    for (const one of curve) {
      const next = (one.uniqueBytes - before.uniqueBytes) / (one.spanSeconds - before.spanSeconds)
      expect(next).toBeGreaterThanOrEqual(0)
      expect(next).toBeLessThanOrEqual(slope + 1e-6)
      ;[before, slope] = [one, next]
    }
    expect(uniqueBytesWithin(some, seconds + 1) ?? Number.NaN).toBeGreaterThanOrEqual((uniqueBytesWithin(some, seconds) ?? Number.NaN) - 1e-6)
    for (const { share } of newShares(some, 60)) expect(share >= 0 && share <= 1).toBe(true)
  }))
})
