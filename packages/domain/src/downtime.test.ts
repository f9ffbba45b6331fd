import { describe, expect, test } from 'vitest'
import { downtimeParts, downtimeSeconds, quantile } from './downtime.ts'

describe('downtimeParts', () => {
  test.each([
    { name: 'in order', last: 1_000, off: 1_400, synced: 1_500, proven: 1_800, first: 3_000, parts: [0.4, 0.1, 0.3, 1.2] },
    { name: 'a target whose clock is behind', last: 1_000, off: 1_400, synced: 1_500, proven: 1_800, first: 1_600, parts: [0.4, 0.1, 0.1, 0] },
    { name: 'a source whose clock is ahead', last: 1_600, off: 1_400, synced: 1_500, proven: 1_800, first: 3_000, parts: [0, 0, 0.2, 1.2] },
    { name: 'the first write before the last', last: 2_000, off: 1_400, synced: 1_500, proven: 1_800, first: 1_000, parts: [0, 0, 0, 0] },
  ])('$name: the parts add up to the downtime', ({ last, off, synced, proven, first, parts }) => {
    const found = downtimeParts(last, { SOURCE_OFF: off, VERIFYING: synced, TARGET_BOOTING: proven }, first)
    expect(Object.values(found ?? {})).toEqual(parts)
    expect(parts.reduce((sum, part) => sum + part, 0)).toBeCloseTo(downtimeSeconds(last, first))
  })

  test('an attempt that did not come that far has no parts', () => {
    expect(downtimeParts(0, { SOURCE_OFF: 1 }, 2)).toBeNull()
  })
})

test('a quantile is the value at its nearest rank', () => {
  expect(quantile([3, 1, 2], 0.5)).toBe(2)
  expect(quantile([3, 1, 2], 0.9)).toBe(3)
  expect(quantile([3, 1, 2], 0)).toBe(1)
  expect(quantile([], 0.5)).toBeNull()
})

test('downtime is never negative: two sites’ clocks may differ', () => {
  expect(downtimeSeconds(1_000, 3_500)).toBe(2.5)
  expect(downtimeSeconds(3_500, 1_000)).toBe(0)
})
