/**
 * `npm run bench wave`: how long one estimate of a wave takes, on one core: 100 VMs, 500 runs, a day observed by the minute. The portal's
 * what-if makes one for every answer, in the browser. Counted is the processor's time, whatever else the machine does. The VMs are made up: office hours, nightly jobs, bursts and noise.
 */
import { forecastWave } from '@driftless/domain'
import type { WaveInput, WaveVm } from '@driftless/domain'
import { bench } from './support/bench.ts'
import { median } from './support/numbers.ts'

const VMS = 100
const RUNS = 500
const LIMIT_SECONDS = 1
const DEFAULT_ROUNDS = 5
const GB = 1_000_000_000
const MINUTES = 1_440
const START = Date.UTC(2026, 0, 5, 18)

/** One of three kinds of VM, no two the same. `scale`: how much it writes. */
function vm(index: number, scale: number): WaveVm {
  const usedBytes = (20 + ((index * 37) % 380)) * GB
  const dirtiedBytes = Array.from({ length: MINUTES }, (_, minute) => {
    const hour = minute / 60
    const noise = 0.5 + ((minute * 7_919 + index * 104_729) % 1_000) / 1_000
    const busy = index % 3 === 0 ? hour > 8 && hour < 18 : index % 3 === 1 ? hour > 1 && hour < 3 : minute % 97 === index % 97
    return scale * noise * (busy ? 40_000_000 : 1_500_000)
  })
  return {
    id: `vm-${index}`, usedBytes, sizeBytes: 2 * usedBytes, sentShare: 0.6, intervalSeconds: 60, dirtiedBytes, firstIntervalAtMs: START - 86_400_000, writeLatencyMs: 1,
    workingSet: [1, 5, 15, 60, 360, 1_440].map((minutes) => ({ spanSeconds: minutes * 60, uniqueBytes: scale * 2_000_000 * minutes ** 0.8 })),
  }
}

function wave(scale: number, bytesPerSecond: number): WaveInput {
  const windows = Array.from({ length: 10 }, (_, night) => ({ fromMs: START + (night + 1) * 86_400_000, toMs: START + (night + 1) * 86_400_000 + 4 * 3_600_000 }))
  return {
    vms: Array.from({ length: VMS }, (_, index) => vm(index, scale)), link: { p50BytesPerSecond: bytesPerSecond, p90BytesPerSecond: 0.8 * bytesPerSecond }, capBytesPerSecond: null,
    throttleBytesPerSecond: null, startAtMs: START, timeZone: 'Europe/Zurich', parallelCopies: 4, parallelCutovers: 4, othersWantBytesPerSecond: [bytesPerSecond / 10],
    window: windows[0] ?? null, windows, measured: null, correction: null,
  }
}

const CASES = [
  ['a day of copying', wave(1, 125_000_000)],
  ['weeks of copying', wave(1, 40_000_000)],
  ['never converges: throttle and hour are looked for', wave(30, 125_000_000)],
] as const

await bench('wave', ({ report, rounds, wants }) => {
  for (const [name, input] of CASES) {
    if (!wants(name)) continue
    const seconds = Array.from({ length: rounds ?? DEFAULT_ROUNDS }, () => {
      const before = process.cpuUsage()
      forecastWave(input, { runs: RUNS })
      const { user, system } = process.cpuUsage(before)
      return (user + system) / 1_000_000
    })
    const { identicalSeconds: { p50 } } = forecastWave(input, { runs: RUNS })
    const ours = median(seconds)
    report.add({ row: name, ours, theirs: LIMIT_SECONDS, ratio: LIMIT_SECONDS / ours, goal: 1, unit: 's', against: `the limit; the first of ${seconds.length} took ${(seconds[0] ?? 0).toFixed(2)} s; P50 ${p50 === null ? 'never' : `${(p50 / 86_400).toFixed(1)} days`}` })
  }
  return Promise.resolve()
})
