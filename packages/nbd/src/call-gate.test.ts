import { expect, test } from 'vitest'
import { CallGate, READ_LIMITS } from './call-gate.ts'

/** Makes calls that would take `ms` at once; returns how many were made so. */
function madeAtOnce(gate: CallGate, calls: number, ms: (call: number) => number, alone = false): number {
  let made = 0
  for (let call = 0; call < calls; call += 1) {
    if (!gate.opens(alone)) continue
    made += 1
    gate.took(ms(call), 4096)
  }
  return made
}

test.each([
  { what: 'hits of the page cache', ms: () => 0.002, least: 10_000, most: 10_000 },
  { what: 'hits, with one call in fifty interrupted', ms: (call: number) => (call % 50 === 0 ? 3 : 0.002), least: 9_990, most: 10_000 },
  { what: 'a disk', ms: () => 0.1, least: 1, most: 50 },
  { what: 'a disk of which half is in the page cache', ms: (call: number) => (call % 2 === 0 ? 0.1 : 0.002), least: 1, most: 1_000 },
])('of ten thousand calls to $what between $least and $most are made at once', ({ ms, least, most }) => {
  const made = madeAtOnce(new CallGate(READ_LIMITS), 10_000, ms)
  expect(made).toBeGreaterThanOrEqual(least)
  expect(made).toBeLessThanOrEqual(most)
})

test('calls that nothing else waits for are made at once on a quick disk, handed over on a slow one', () => {
  expect(madeAtOnce(new CallGate(READ_LIMITS), 1000, () => 0.1, true)).toBe(1000)
  expect(madeAtOnce(new CallGate(READ_LIMITS), 1000, () => 8, true)).toBeLessThan(20)
})

test('once the page cache is warm again, calls are made at once again', () => {
  const gate = new CallGate(READ_LIMITS)
  madeAtOnce(gate, 5_000, () => 0.1)
  expect(madeAtOnce(gate, 5_000, () => 0.002)).toBeGreaterThan(3_900)
})
