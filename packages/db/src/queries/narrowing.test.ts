import { forecastWave, seenUntil } from '@driftless/domain'
import type { WaveInput } from '@driftless/domain'
import { expect, it } from 'vitest'
import { secondsAt } from './narrowing.ts'

const START = Date.UTC(2026, 0, 2)
const HOUR_MS = 3_600_000
const line = { p50BytesPerSecond: 100_000_000, p90BytesPerSecond: 80_000_000 }
const input: WaveInput = {
  vms: [{ id: 'a', usedBytes: 1e12, sizeBytes: 2e12, intervalSeconds: 900, dirtiedBytes: Array<number>(96).fill(1e9), firstIntervalAtMs: START }],
  link: line, capBytesPerSecond: null, throttleBytesPerSecond: null, startAtMs: START + 24 * HOUR_MS, timeZone: 'UTC', parallelCopies: 1, parallelCutovers: 1, othersWantBytesPerSecond: [], window: null, windows: [], measured: null,
  correction: { p50Factor: 1.1, p90Factor: 1.2 },
}
const moments = [0.5, 2, 6, 12, 24].map((hours) => new Date(START + hours * HOUR_MS))

it('says of each moment what the whole forecast would have said, and nothing before enough was seen', async () => {
  const said = moments.map((at) => forecastWave(seenUntil(input, at.getTime()), { runs: 100 }))
  expect(said.map(({ enough }) => enough)).toEqual([false, false, true, true, true])
  expect(await secondsAt(input, moments)).toEqual(said.map(({ enough, identicalSeconds }) => (enough ? identicalSeconds : null)))
})

it('lets others have a turn after each moment', async () => {
  let turns = 0
  let over = false
  const count = () => {
    turns += 1
    if (!over) setImmediate(count)
  }
  setImmediate(count)
  await secondsAt(input, moments)
  over = true
  expect(turns).toBeGreaterThanOrEqual(moments.length - 1)
})
