import type { Observations } from './observed-days.ts'
import { CONVERGES_FROM, simulateWave } from './simulate-wave.ts'
import type { SimulateOptions } from './simulate-wave.ts'
import type { Remedy, WaveInput } from './wave-input.ts'

/** Enough to look; what is found is then played as often as the estimate itself. */
const LOOKING_RUNS = 40
const HALVINGS = 6
/** A guest that may write only so small a part of what it wants is as good as stopped. */
const LOWEST_PART = 4_096
const HOURS = 24
const HOUR_MS = 3_600_000
/** What is found too high in a closer look is lowered by this, a few times. */
const LOWER = 0.8
const CLOSER_LOOKS = 6

/** What would make a wave converge that does not: a cap on each guest's writes, or another hour to start at. */
export function remedyFor(input: WaveInput, full: SimulateOptions, observations: Observations): Remedy {
  const looking = { ...full, runs: Math.min(LOOKING_RUNS, full.runs) }
  const converges: Converges = (changed, closely) => isLikely({ ...input, ...changed }, closely ? full : looking, observations)
  return { throttleBytesPerSecond: throttleFor(input, converges), startAtMs: startFor(input, converges) }
}

/** Whether the wave converges, so changed; `closely`: in as many runs as the estimate itself. */
type Converges = (changed: Partial<WaveInput>, closely: boolean) => boolean

function isLikely(input: WaveInput, options: SimulateOptions, observations: Observations): boolean {
  const { identicalAt } = simulateWave(input, options, observations)
  let ended = 0
  for (let run = 0; run < options.runs; run += 1) if (identicalAt.every((own) => Number.isFinite(own[run] ?? Number.POSITIVE_INFINITY))) ended += 1
  return ended >= CONVERGES_FROM * options.runs
}

/** The highest cap with which it converges, near enough, by halving. */
function throttleFor(input: WaveInput, converges: Converges): number | null {
  const fastest = input.vms.reduce((most, vm) => vm.dirtiedBytes.reduce<number>((rate, bytes) => Math.max(rate, (bytes ?? 0) / vm.intervalSeconds), most), 0)
  const highest = Math.min(fastest, input.throttleBytesPerSecond ?? fastest, input.link.p50BytesPerSecond)
  if (!(highest > 0) || !converges({ throttleBytesPerSecond: highest / LOWEST_PART }, false)) return null
  let [low, high] = [Math.log(highest / LOWEST_PART), Math.log(highest)]
  for (let halving = 0; halving < HALVINGS; halving += 1) {
    const middle = (low + high) / 2
    if (converges({ throttleBytesPerSecond: Math.exp(middle) }, false)) low = middle
    else high = middle
  }
  let found = Math.exp(low)
  for (let look = 0; look < CLOSER_LOOKS; look += 1, found *= LOWER) if (converges({ throttleBytesPerSecond: found }, true)) return found
  return null
}

function startFor(input: WaveInput, converges: Converges): number | null {
  const first = Math.ceil(input.startAtMs / HOUR_MS) * HOUR_MS
  for (let hour = 0; hour < HOURS; hour += 1) {
    const later = { startAtMs: first + hour * HOUR_MS }
    if (converges(later, false) && converges(later, true)) return later.startAtMs
  }
  return null
}
