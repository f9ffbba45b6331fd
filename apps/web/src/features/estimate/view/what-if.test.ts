import { forecastWave } from '@driftless/domain'
import type { WaveInput } from '@driftless/domain'
import { describe, expect, it } from 'vitest'
import { applied, differenceOf, isChanged, missingSeconds, moved, unchanged } from './what-if.ts'

const vm = (id: string) => ({ id, usedBytes: 1, sizeBytes: 1, intervalSeconds: 60, dirtiedBytes: [], firstIntervalAtMs: 0 })
const input: WaveInput = {
  vms: [vm('a'), vm('b'), vm('c')], link: { p50BytesPerSecond: 100, p90BytesPerSecond: 80, byHour: [{ hour: 3, p50BytesPerSecond: 50, p90BytesPerSecond: 40 }], limit: { schedule: { zone: 'UTC', rules: [{ days: [1], fromMinute: 0, toMinute: 60, bytesPerSecond: 20 }, { days: [6], fromMinute: 0, toMinute: 60, bytesPerSecond: null }] }, siteBytesPerSecond: 90 } },
  capBytesPerSecond: null, throttleBytesPerSecond: 7, startAtMs: 1_000, timeZone: 'UTC', parallelCopies: 3, parallelCutovers: 1, othersWantBytesPerSecond: [], window: null, windows: [], measured: null, correction: null,
}
const base = unchanged(input)

describe('a what-if', () => {
  it('that changes nothing simulates the same', () => {
    expect(applied(input, base)).toEqual(input)
    expect(isChanged(input, base)).toBe(false)
  })
  it.each([
    ['a line twice as fast, at every hour and in its limits', { linkFactor: 2 }, { link: { p50BytesPerSecond: 200, p90BytesPerSecond: 160, byHour: [{ hour: 3, p50BytesPerSecond: 100, p90BytesPerSecond: 80 }], limit: { schedule: { zone: 'UTC', rules: [{ days: [1], fromMinute: 0, toMinute: 60, bytesPerSecond: 40 }, { days: [6], fromMinute: 0, toMinute: 60, bytesPerSecond: null }] }, siteBytesPerSecond: 180 } } }],
    ['a cap', { capBytesPerSecond: 5 }, { capBytesPerSecond: 5 }],
    ['another throttle', { throttleBytesPerSecond: 3 }, { throttleBytesPerSecond: 3 }],
    ['a later start', { startHours: 2 }, { startAtMs: 7_201_000 }],
    ['another order', { order: ['c', 'a', 'b'] }, { vms: [vm('c'), vm('a'), vm('b')] }],
    ['fewer VMs, all of them at once', { without: ['b'] }, { vms: [vm('a'), vm('c')], parallelCopies: 2 }],
    ['one copy at a time', { copiesAtOnce: 1 }, { parallelCopies: 1 }],
    ['a window', { window: { fromMs: 1, toMs: 2 } }, { window: { fromMs: 1, toMs: 2 } }],
  ] as const)('takes %s', (_name, change, expected) => {
    expect(applied(input, { ...base, ...change })).toEqual({ ...input, ...expected })
    expect(isChanged(input, { ...base, ...change })).toBe(true)
  })
})

it('takes longer on a slower line, whatever the site may send of it', () => {
  const limited = { ...input, vms: [{ ...vm('a'), usedBytes: 1_000_000 }], throttleBytesPerSecond: null, link: { p50BytesPerSecond: 100, p90BytesPerSecond: 100, limit: { schedule: { zone: 'UTC', rules: [] }, siteBytesPerSecond: 50 } } }
  const seconds = [1, 0.84, 0.5].map((linkFactor) => forecastWave(applied(limited, { ...unchanged(limited), linkFactor }), { runs: 1 }).identicalSeconds.p50 ?? Number.NaN)
  expect(seconds).toEqual([expect.closeTo(20_000, 0), expect.closeTo(20_000 / 0.84, 0), expect.closeTo(40_000, 0)])
})

describe('an order', () => {
  it.each([['b', -1, ['b', 'a', 'c']], ['b', 1, ['a', 'c', 'b']], ['a', -1, ['a', 'b', 'c']], ['c', 1, ['a', 'b', 'c']], ['gone', 1, ['a', 'b', 'c']]] as const)('moves %s by %i', (id, by, expected) => expect(moved(['a', 'b', 'c'], id, by)).toEqual(expected))
})

describe('a difference', () => {
  it.each([
    [100, 100.2, { kind: 'SAME' }], [100, 80, { kind: 'LESS', by: 20 }], [80, 100, { kind: 'MORE', by: 20 }], [null, 5, { kind: 'NOW_ENDS' }], [5, null, { kind: 'NEVER_NOW' }], [null, null, { kind: 'SAME' }], [0, 0, { kind: 'SAME' }],
  ])('from %s to %s', (before, after, expected) => expect(differenceOf(before, after)).toEqual(expected))
})

describe('what is missing of an observation', () => {
  const observed = { intervals: 5, seconds: 300, dayShare: 0, neededIntervals: 12, neededSeconds: 3_600 }
  it('is what the hour still lacks', () => expect(missingSeconds({ enough: false, observed }, 60)).toBe(3_300))
  it('or what the intervals do, where they are long', () => expect(missingSeconds({ enough: false, observed: { ...observed, seconds: 4_500 } }, 900)).toBe(6_300))
  it('is nothing once it is enough', () => expect(missingSeconds({ enough: true, observed }, 60)).toBe(0))
})
