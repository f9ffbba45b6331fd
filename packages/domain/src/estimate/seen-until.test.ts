import { describe, expect, it, test } from 'vitest'
import { seenUntil } from './seen-until.ts'
import type { WaveInput, WaveVm } from './wave-input.ts'

const VM: WaveVm = { id: 'a', usedBytes: 100, sizeBytes: 200, intervalSeconds: 60, firstIntervalAtMs: 1_000_000, dirtiedBytes: [1, null, 3, 4], workingSet: [{ spanSeconds: 60, uniqueBytes: 1 }, { spanSeconds: 180, uniqueBytes: 3 }] }
const wave = (vms: readonly WaveVm[]): WaveInput => ({
  vms, link: { p50BytesPerSecond: 1, p90BytesPerSecond: 1 }, capBytesPerSecond: null, throttleBytesPerSecond: null, startAtMs: 5, timeZone: 'UTC', parallelCopies: 1, parallelCutovers: 1,
  othersWantBytesPerSecond: [], window: null, windows: [], measured: null, correction: null,
})
const at = (seconds: number) => seenUntil(wave([VM]), VM.firstIntervalAtMs + seconds * 1000).vms[0]

describe('what was known of a VM', () => {
  test.each([
    { when: 'before it was observed', seconds: -10, bytes: [], spans: undefined },
    { when: 'within its first interval', seconds: 59, bytes: [], spans: undefined },
    { when: 'when that had ended', seconds: 60, bytes: [1], spans: [60] },
    { when: 'with a gap in it', seconds: 150, bytes: [1, null], spans: [60] },
    { when: 'once a longer span had passed', seconds: 180, bytes: [1, null, 3], spans: [60, 180] },
    { when: 'long after', seconds: 10_000, bytes: [1, null, 3, 4], spans: [60, 180] },
  ])('$when', ({ seconds, bytes, spans }) => {
    expect(at(seconds)?.dirtiedBytes).toEqual(bytes)
    expect(at(seconds)?.workingSet?.map(({ spanSeconds }) => spanSeconds)).toEqual(spans)
  })

  it('leaves all else as it is', () => expect(seenUntil(wave([VM]), Number.MAX_SAFE_INTEGER)).toEqual(wave([VM])))
})
