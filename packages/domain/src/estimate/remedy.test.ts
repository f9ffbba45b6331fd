import { expect, it } from 'vitest'
import { Observations } from './observed-days.ts'
import { remedyFor } from './remedy.ts'
import { simulateWave } from './simulate-wave.ts'
import type { WaveInput } from './wave-input.ts'

const GB = 1_000_000_000
const START = Date.UTC(2026, 0, 2)
const line = { p50BytesPerSecond: 0.1 * GB, p90BytesPerSecond: 0.1 * GB }
const input: WaveInput = {
  vms: [{ id: 'a', usedBytes: 360 * GB, sizeBytes: 500 * GB, intervalSeconds: 1_800, dirtiedBytes: Array.from({ length: 48 }, (_, slot) => (slot % 2 === 0 ? 0.6 : 1.4) * 0.105 * GB * 1_800), firstIntervalAtMs: START - 86_400_000 }],
  link: line, capBytesPerSecond: null, throttleBytesPerSecond: null, startAtMs: START, timeZone: 'UTC', parallelCopies: 1, parallelCutovers: 1, othersWantBytesPerSecond: [], window: null, windows: [], measured: null, correction: null,
}

/** Each simulation asks once. */
class Counted extends Observations {
  simulations = 0
  override in(slots: number) {
    this.simulations += 1
    return super.in(slots)
  }
}

it('looks closely at two hours at most where every hour is nearly good enough: a page waits for it', () => {
  const observations = new Counted(input.vms)
  const options = { runs: 500, seed: 5 }
  const share = (runs: number) => simulateWave(input, { ...options, runs }, observations).identicalAt[0]?.filter(Number.isFinite).length ?? 0
  // A short look says yes at every hour, a long one no.
  expect(share(40)).toBeGreaterThanOrEqual(36)
  expect(share(500)).toBeLessThan(450)
  observations.simulations = 0
  expect(remedyFor(input, options, observations).startAtMs).toBeNull()
  // The throttle: 7 looks and up to 6 close ones. The hours: 24 looks and 2 close ones.
  expect(observations.simulations).toBeLessThanOrEqual(39)
})
