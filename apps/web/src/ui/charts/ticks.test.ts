import fc from 'fast-check'
import { expect, it } from 'vitest'
import { niceTicks } from './ticks.ts'

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
