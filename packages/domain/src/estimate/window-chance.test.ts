import { describe, expect, it } from 'vitest'
import { ROLLBACK_RESERVE_SECONDS } from '../cutover/deadline.ts'
import { allCutoversSeconds, fitsWindow } from './window-chance.ts'
import { corrector } from './corrector.ts'

const START = Date.UTC(2026, 0, 1)
const window = (from: number, to: number, lockout = to) => ({ fromMs: START + from * 1000, toMs: START + to * 1000, lockoutMs: START + lockout * 1000 })
const run = (identicalAt: readonly number[], lengths: readonly number[], parallel = 1) => ({ identicalAt: Float64Array.from(identicalAt), lengths: Float64Array.from(lengths), needed: Float64Array.from(lengths), parallel })
const LONG = 10_000

describe('a run fits a window', () => {
  it.each([
    ['when all is ready and there is room', window(1_000, LONG), run([500, 900], [300, 300]), true],
    ['though one is ready only within', window(1_000, LONG), run([500, 5_000], [300, 300]), true],
    ['not when one never is', window(1_000, LONG), run([500, Number.POSITIVE_INFINITY], [300, 300]), false],
    ['not when one is ready after the lockout', window(1_000, LONG, 4_000), run([500, 5_000], [300, 300]), false],
    ['not when the last of many begins after the lockout', window(1_000, LONG, 1_500), run([0, 0, 0], [300, 300, 300]), false],
    ['then with more beside one another', window(1_000, LONG, 1_500), run([0, 0, 0], [300, 300, 300], 3), true],
    ['not when going back would not fit after it', window(1_000, 1_300 + ROLLBACK_RESERVE_SECONDS - 1), run([0], [300]), false],
    ['when it just would', window(1_000, 1_300 + ROLLBACK_RESERVE_SECONDS), run([0], [300]), true],
    ['with others going before one that is late', window(1_000, 2_000 + ROLLBACK_RESERVE_SECONDS), run([1_600, 0, 0], [300, 300, 300]), true],
  ])('%s', (_name, at, one, fits) => expect(fitsWindow(at, START, one)).toBe(fits))
})

it('all cutovers take as long as the slots let them', () => {
  expect(allCutoversSeconds(Float64Array.of(3, 2, 1), 1)).toBe(6)
  expect(allCutoversSeconds(Float64Array.of(3, 2, 1), 2)).toBe(3)
  expect(allCutoversSeconds(Float64Array.of(), 2)).toBe(0)
})

describe('a correction', () => {
  const times = Float64Array.of(100, 100, 100, 100, 100, 150, 150, 150, 200, 900)
  it('moves the median by its factor, the P90 by its own, and keeps the order', () => {
    const correct = corrector(times, { p50Factor: 1.2, p90Factor: 0.9 })
    expect([correct(50), correct(100), correct(200)]).toEqual([60, 120, 180])
    expect(correct(150)).toBeGreaterThan(120)
    expect(correct(150)).toBeLessThan(180)
  })
  it('never lets the P90 come before the P50', () => expect(corrector(times, { p50Factor: 3, p90Factor: 1 / 3 })(200)).toBe(300))
  it('leaves never alone', () => expect(corrector(Float64Array.of(Number.POSITIVE_INFINITY), { p50Factor: 2, p90Factor: 2 })(Number.POSITIVE_INFINITY)).toBe(Number.POSITIVE_INFINITY))
})
