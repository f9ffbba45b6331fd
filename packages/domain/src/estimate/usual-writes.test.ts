import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { observedDays } from './observed-days.ts'
import { usualWrites } from './usual-writes.ts'
import type { WaveVm } from './wave-input.ts'

const DAY = 86_400
const START = Date.UTC(2026, 0, 1)
const vm = (dirtiedBytes: readonly (number | null)[], more: Partial<WaveVm> = {}): WaveVm => ({ id: 'a', usedBytes: 1_000, sizeBytes: 1_000, intervalSeconds: 1_800, dirtiedBytes, firstIntervalAtMs: START, ...more })
const day = (of: (slot: number) => number) => Array.from({ length: 48 }, (_, slot) => of(slot))

describe('what is usual', () => {
  it('is all that a steady VM writes, as it is', () => expect(usualWrites(vm(day(() => 7)), DAY)).toEqual({ usual: day(() => 7), burst: new Float64Array(48), level: 1, variability: 0 }))
  it('is not a burst: more than the busiest twentieth, and than a fortieth of the data in half an hour', () => {
    const { usual, burst } = usualWrites(vm(day((slot) => (slot === 3 ? 500 : 1))), DAY)
    expect([usual[3], burst[3], usual[4], burst[4]]).toEqual([25, 475, 1, 0])
  })
  it('holds what is rare but small, and what is large but not rare', () => {
    expect(usualWrites(vm(day((slot) => (slot === 3 ? 24 : 1))), DAY).burst[3]).toBe(0)
    expect(Math.max(...usualWrites(vm(day((slot) => (slot % 6 === 0 ? 500 : 1))), DAY).burst)).toBe(0)
  })
  it('tells a burst by the half-hour also in minutes', () => {
    const minutes = Array.from({ length: 1_440 }, (_, minute) => (minute === 100 ? 500 : 1 / 30))
    const { usual, burst } = usualWrites(vm(minutes, { intervalSeconds: 60 }), DAY)
    expect((usual[100] ?? 0) + (burst[100] ?? 0)).toBeCloseTo(500, 9)
    expect(usual.slice(90, 120).reduce<number>((sum, bytes) => sum + (bytes ?? 0), 0)).toBeCloseTo(25, 9)
  })
  it('is raised for a quiet day and lowered for a busy one, where days differ', () => {
    const uneven = (scale: number) => usualWrites(vm(day((slot) => (slot % 2) * scale)), DAY).level
    expect(uneven(0.01)).toBeGreaterThan(1)
    expect(uneven(20)).toBeLessThan(1)
    expect(Math.abs(Math.log(uneven(20)))).toBeLessThan(0.15)
  })
  test('and bursts are together what was written; gaps stay gaps', () => {
    fc.assert(fc.property(fc.array(fc.option(fc.nat(1_000), { freq: 5 }), { maxLength: 100 }), (dirtiedBytes) => {
      const { usual, burst, level, variability } = usualWrites(vm(dirtiedBytes), DAY)
      for (const [index, bytes] of dirtiedBytes.entries()) {
        if (bytes === null) expect([usual[index], burst[index]]).toEqual([null, 0])
        else expect((usual[index] ?? 0) + (burst[index] ?? 0)).toBeCloseTo(bytes, 6)
      }
      expect(level > 0 && variability >= 0 && variability < 1).toBe(true)
    }))
  })
})

describe('observed days', () => {
  it('lie by the time of day, as rates', () => {
    const { slots, days, usual, observed } = observedDays(vm([1_800, 3_600], { firstIntervalAtMs: START + 6 * 3_600_000, usedBytes: 1e9 }), 3_600)
    expect([slots, days, usual[6], observed.seconds, observed.dayShare]).toEqual([24, 1, 1.5, 3_600, 1 / 24])
    // What nobody saw has the mean.
    expect(usual[0]).toBe(1.5)
  })
  it('are rows, where a gap has what other days have at that time', () => {
    const two = observedDays(vm([...day((slot) => slot * 1_800), ...day(() => 0).map((zero, slot) => (slot === 10 ? null : zero))], { usedBytes: 1e9 }), 1_800)
    expect([two.days, two.usual[10], two.usual[48 + 10], two.usual[48 + 11]]).toEqual([2, 10, 10, 0])
  })
  it('are the latest seven', () => expect(observedDays(vm(Array.from({ length: 10 * 48 }, () => 1)), 1_800)).toMatchObject({ days: 7, observed: { intervals: 7 * 48 } }))
  test('neither lose nor invent what was written, whatever slots they are laid onto', () => {
    fc.assert(fc.property(fc.array(fc.nat(20), { minLength: 1, maxLength: 1_440 }), fc.constantFrom(60, 300, 1_800, 3_600), fc.nat(1_439), (minutes, slotSeconds, first) => {
      const { usual, burst, days, slots } = observedDays(vm(minutes, { intervalSeconds: 60, firstIntervalAtMs: START + first * 60_000, usedBytes: 1e9 }), slotSeconds)
      expect(usual).toHaveLength(days * slots)
      const mean = minutes.reduce((sum, bytes) => sum + bytes, 0) / minutes.length / 60
      const seen = [...usual].map((rate, index) => rate + (burst[index] ?? 0))
      expect(Math.max(...seen) + 1e-9).toBeGreaterThanOrEqual(mean)
      expect(Math.min(...seen) - 1e-9).toBeLessThanOrEqual(mean)
      if (minutes.length === 1_440 && slotSeconds === 60) expect(seen.reduce((sum, rate) => sum + rate, 0) / seen.length).toBeCloseTo(mean, 6)
    }), { numRuns: 50 })
  })
})
