import { describe, expect, it } from 'vitest'
import { churnPoints, joinedContent, joinedCurve, joinedGaps } from './observed.ts'

const at = (seconds: number) => new Date(seconds * 1000)

describe('the churn of all VMs', () => {
  it('adds them up over the longest of their intervals, and leaves a gap where none is known', () => {
    const short = { intervalSeconds: 10, firstIntervalAtMs: 0, dirtiedBytes: [100, 300, null, null, 200, 200] }
    const long = { intervalSeconds: 20, firstIntervalAtMs: 0, dirtiedBytes: [200, null, 400] }
    expect(churnPoints([short, long])).toEqual([{ atMs: 0, bytesPerSecond: 30 }, { atMs: 20_000, bytesPerSecond: null }, { atMs: 40_000, bytesPerSecond: 40 }])
  })
  it('of nothing is nothing', () => expect(churnPoints([{ intervalSeconds: 60, firstIntervalAtMs: 0, dirtiedBytes: [] }])).toEqual([]))
})

describe('gaps', () => {
  it('that touch are one', () => expect(joinedGaps([{ from: at(50), to: at(60) }, { from: at(0), to: at(10) }, { from: at(5), to: at(20) }])).toEqual([{ fromMs: 0, toMs: 20_000 }, { fromMs: 50_000, toMs: 60_000 }]))
})

describe('a working-set curve', () => {
  const point = (vmId: string, minutes: number, medianBytes: number) => ({ vmId, minutes, medianBytes, mostBytes: 2 * medianBytes })
  it('adds VMs up where all of them have the span', () => expect(joinedCurve([point('a', 5, 10), point('a', 1, 4), point('b', 1, 6)])).toEqual([{ minutes: 1, medianBytes: 10, mostBytes: 20 }]))
})

describe('content', () => {
  it('says what is zero, what compression saves and what is sent', () => {
    const read = { allocatedBytes: 100, zeroShare: 0.2, compressedShare: 0.5, wireBytes: 40, sampledBlocks: 7 }
    expect(joinedContent([read, { ...read, wireBytes: null }])).toEqual({ vms: 1, allocatedBytes: 100, zeroBytes: 20, savedBytes: 40, wireBytes: 40, sampledBlocks: 7 })
    expect(joinedContent([])).toBeNull()
  })
})
