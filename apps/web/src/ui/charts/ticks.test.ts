import fc from 'fast-check'
import { expect, it } from 'vitest'
import { durationTicks, niceTicks } from './ticks.ts'

it.each([
  [100, false, [0, 25, 50, 75, 100]],
  [3.1, false, [0, 1, 2, 3, 4]],
  [0, false, [0, 1]],
  [229 * 1024 ** 2, true, [0, 64, 128, 192, 256].map((value) => value * 1024 ** 2)],
  [1000, true, [0, 256, 512, 768, 1024]],
])('%d (binary %s)', (most, binary, ticks) => expect(niceTicks(most, binary)).toEqual(ticks))

it('covers every value with few ticks', () => {
  fc.assert(fc.property(fc.double({ min: 1e-6, max: 1e15, noNaN: true }), fc.boolean(), (most, binary) => {
    const ticks = niceTicks(most, binary)
    expect(ticks.at(-1)).toBeGreaterThanOrEqual(most * (1 - 1e-6))
    expect(ticks.length).toBeGreaterThan(1)
    expect(ticks.length).toBeLessThanOrEqual(6)
  }))
})

it.each([
  ['hours', 18_600, [0, 7_200, 14_400, 21_600]],
  ['seconds', 26, [0, 10, 20, 30]],
  ['minutes', 3_600, [0, 900, 1_800, 2_700, 3_600]],
  ['less than anybody counts in', 0.4, [0, 0.1, 0.2, 0.30000000000000004, 0.4]],
])('lengths of time, %s', (_, most, ticks) => expect(durationTicks(most)).toEqual(ticks))

it('covers every length of time with few ticks', () => {
  fc.assert(fc.property(fc.double({ min: 1e-6, max: 1e12, noNaN: true }), (most) => {
    const ticks = durationTicks(most)
    expect(ticks.at(-1)).toBeGreaterThanOrEqual(most * (1 - 1e-6))
    expect(ticks.length).toBeGreaterThan(1)
    expect(ticks.length).toBeLessThanOrEqual(6)
  }))
})
