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
  const share: Share = (changed, closely) => convergingShare({ ...input, ...changed }, closely ? full : looking, observations)
  return { throttleBytesPerSecond: throttleFor(input, share), startAtMs: startFor(input, share) }
}

/** In how many of the runs the wave converges, so changed; `closely`: in as many runs as the estimate itself. */
type Share = (changed: Partial<WaveInput>, closely: boolean) => number

function convergingShare(input: WaveInput, options: SimulateOptions, observations: Observations): number {
  const { identicalAt } = simulateWave(input, options, observations)
  let ended = 0
  for (let run = 0; run < options.runs; run += 1) if (identicalAt.every((own) => Number.isFinite(own[run] ?? Number.POSITIVE_INFINITY))) ended += 1
  return ended / options.runs
}

/** The highest cap with which it converges, near enough, by halving. */
function throttleFor(input: WaveInput, share: Share): number | null {
  const converges = (throttleBytesPerSecond: number, closely: boolean) => share({ throttleBytesPerSecond }, closely) >= CONVERGES_FROM
  const fastest = input.vms.reduce((most, vm) => vm.dirtiedBytes.reduce<number>((rate, bytes) => Math.max(rate, (bytes ?? 0) / vm.intervalSeconds), most), 0)
  const highest = Math.min(fastest, input.throttleBytesPerSecond ?? fastest, input.link.p50BytesPerSecond)
  if (!(highest > 0) || !converges(highest / LOWEST_PART, false)) return null
  let [low, high] = [Math.log(highest / LOWEST_PART), Math.log(highest)]
  for (let halving = 0; halving < HALVINGS; halving += 1) {
    const middle = (low + high) / 2
    if (converges(Math.exp(middle), false)) low = middle
    else high = middle
  }
  let found = Math.exp(low)
  for (let look = 0; look < CLOSER_LOOKS; look += 1, found *= LOWER) if (converges(found, true)) return found
  return null
}

/** The first hour, or else the most promising one: where many are as good as not enough, a close look at each would take seconds. */
function startFor(input: WaveInput, share: Share): number | null {
  const first = Math.ceil(input.startAtMs / HOUR_MS) * HOUR_MS
  const isSure = (startAtMs: number) => share({ startAtMs }, true) >= CONVERGES_FROM
  const likely: { readonly startAtMs: number; readonly share: number }[] = []
  for (let hour = 0; hour < HOURS; hour += 1) {
    const startAtMs = first + hour * HOUR_MS
    const looked = share({ startAtMs }, false)
    if (looked < CONVERGES_FROM) continue
    if (likely.length === 0 && isSure(startAtMs)) return startAtMs
    likely.push({ startAtMs, share: looked })
  }
  const [, ...later] = likely
  const best = later.toSorted((one, other) => other.share - one.share)[0]
  return best !== undefined && isSure(best.startAtMs) ? best.startAtMs : null
}
