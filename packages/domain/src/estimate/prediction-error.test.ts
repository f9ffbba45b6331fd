import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { FEWEST_PREDICTIONS, predictionError } from './prediction-error.ts'

const said = (p50: number | null, p90: number | null, actual: number | null) => ({ p50, p90, actual })
const times = <T>(count: number, of: (index: number) => T) => Array.from({ length: count }, (_, index) => of(index))

describe('the error of estimates', () => {
  it('is unknown of none', () => expect(predictionError([])).toEqual({ n: 0, medianError: null, p90Error: null, p90Held: null, endCalledRight: null, correction: null }))
  it('is the distance to what came, of what ended', () => {
    expect(predictionError([said(90, 120, 100), said(110, 130, 100), said(130, 140, 100), said(null, null, null)])).toMatchObject({ n: 4, medianError: expect.closeTo(0.1, 9), p90Error: expect.closeTo(0.3, 9), p90Held: 1, endCalledRight: 1 })
  })
  it.each([
    ['said never, and it ended', said(null, null, 100), { medianError: 1, p90Held: 1, endCalledRight: 0 }],
    ['said a time, and it never ended', said(100, 120, null), { medianError: null, p90Held: 0, endCalledRight: 0 }],
    ['later than its P90', said(100, 120, 121), { p90Held: 0, endCalledRight: 1 }],
  ])('counts what was wrong: %s', (_name, one, expected) => expect(predictionError([one])).toMatchObject(expected))
})

describe('the correction', () => {
  it('wants a few moves', () => {
    expect(predictionError(times(FEWEST_PREDICTIONS - 1, () => said(100, 120, 150))).correction).toBeNull()
    expect(predictionError(times(FEWEST_PREDICTIONS, () => said(100, 120, 150))).correction).not.toBeNull()
  })
  it('goes halfway after ten, and nearly all the way after hundreds', () => {
    expect(predictionError(times(10, () => said(100, 100, 121))).correction).toEqual({ p50Factor: expect.closeTo(1.1, 9), p90Factor: expect.closeTo(1.1, 9) })
    expect(predictionError(times(990, () => said(100, 100, 121))).correction?.p50Factor).toBeCloseTo(1.2077, 3)
  })
  it('narrows a range that was too wide', () => expect(predictionError(times(50, () => said(100, 200, 100))).correction).toEqual({ p50Factor: 1, p90Factor: expect.closeTo(2 ** (-50 / 60), 9) }))
  test('makes the P90 hold in nine of ten of the same kind, once many are known', () => {
    fc.assert(fc.property(fc.array(fc.double({ min: 0.5, max: 2, noNaN: true }), { minLength: 200, maxLength: 400 }), (ratios) => {
      const factor = predictionError(ratios.map((ratio) => said(100, 100, 100 * ratio))).correction?.p90Factor ?? Number.NaN
      const wanted = ratios.toSorted((one, other) => one - other)[Math.ceil(0.9 * (ratios.length + 1)) - 1] ?? Number.NaN
      // But for what is still drawn towards one.
      expect(Math.log(factor)).toBeCloseTo((Math.log(wanted) * ratios.length) / (ratios.length + 10), 9)
    }))
  })
  test('is never wild', () => {
    fc.assert(fc.property(fc.array(fc.record({ p50: fc.double({ min: 1, max: 1e9, noNaN: true }), p90: fc.double({ min: 1, max: 1e9, noNaN: true }), actual: fc.double({ min: 1, max: 1e9, noNaN: true }) }), { minLength: FEWEST_PREDICTIONS }), (some) => {
      const correction = predictionError(some).correction
      for (const factor of [correction?.p50Factor ?? 0, correction?.p90Factor ?? 0]) expect(factor >= 1 / 3 && factor <= 3).toBe(true)
    }))
  })
})
