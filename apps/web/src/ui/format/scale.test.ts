import { describe, expect, it } from 'vitest'
import { scaleBytes, splitDuration } from './scale.ts'

describe('scaleBytes', () => {
  it.each([
    [0, { value: 0, unit: 'b', digits: 0 }],
    [1023, { value: 1023, unit: 'b', digits: 0 }],
    [1024, { value: 1, unit: 'kib', digits: 2 }],
    [15 * 1024 ** 2, { value: 15, unit: 'mib', digits: 1 }],
    [1024 ** 3 * 200, { value: 200, unit: 'gib', digits: 0 }],
    [1024 ** 6, { value: 1024, unit: 'pib', digits: 0 }],
  ])('%d', (bytes, scaled) => expect(scaleBytes(bytes)).toEqual(scaled))
})

describe('splitDuration', () => {
  const text = (seconds: number) => splitDuration(seconds).map((part) => `${part.value.toFixed(part.digits)}${part.unit}`).join(' ')
  it.each([
    [0, '0s'], [3.21, '3.2s'], [42, '42s'], [59.6, '1min'], [61, '1min 1s'], [3600, '1h'], [3661, '1h 1min'],
    [86_399, '24h'], [90_000, '1d 1h'], [-4, '0s'],
  ])('%d s → %s', (seconds, expected) => expect(text(seconds)).toBe(expected))
})
