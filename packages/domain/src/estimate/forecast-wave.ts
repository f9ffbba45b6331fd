import { downtimeForecast, forecastCutover } from '../cutover/forecast.ts'
import type { CutoverForecast } from '../cutover/forecast.ts'
import type { Quantiles } from '../estimate.ts'
import { corrector } from './corrector.ts'
import { partOfLine } from './line-steps.ts'
import { Observations, isEnough } from './observed-days.ts'
import { Z_OF_P90, normalQuantile, uniform } from './random.ts'
import { remedyFor } from './remedy.ts'
import { CONVERGES_FROM, simulateWave } from './simulate-wave.ts'
import type { SimulateOptions, Simulation } from './simulate-wave.ts'
import type { CutoverWindow, MoveForecast, Observed, OpenQuantiles, VmForecast, WaveForecast, WaveInput, WaveVm, WindowChance } from './wave-input.ts'
import { allCutoversSeconds, fitsWindow } from './window-chance.ts'

export const DEFAULT_RUNS = 500
const DEFAULT_SEED = 7
/**
 * What the tap and a copy beside it add to a write in the median, measured by `npm run bench live` on lab guests: so much on a line of
 * 100 Mbit/s, and so much at the full speed of an unlimited one. P90: as at full speed, whatever the line.
 */
const LATENCY_MS = { slow: 0.2, full: 1.2, fullBytesPerSecond: 157_000_000 } as const

/**
 * What moving a wave comes to, as P50 and P90 over many runs of its copy (`simulate-wave.ts`) and its cutovers. Pure and repeatable; fit for
 * a browser. A wave of no VMs is done at once. `runs`: more are steadier; `seed`: others give a feeling for the noise.
 */
export function forecastWave(input: WaveInput, options: Partial<SimulateOptions> = {}): WaveForecast {
  const settings = { ...options, runs: options.runs ?? DEFAULT_RUNS, seed: options.seed ?? DEFAULT_SEED }
  const { runs, seed } = settings
  const observations = new Observations(input.vms, input.daySeconds)
  const simulation = simulateWave(input, settings, observations)
  const cutovers = input.vms.map((vm) => cutoverOf(vm, input))
  const wave = new Wave(input, simulation, runs)
  const lengths = cutovers.map(({ total }, index) => drawLengths(total, runs, seed, index))
  const correct = corrector(wave.identicalAt, input.correction)
  const chance = chances(input, { simulation, lengths, cutovers, runs, correct })
  const vms = input.vms.map((vm, index): VmForecast => ({ id: vm.id, ...wave.vm(index, cutovers[index]) }))
  const identicalSeconds = openQuantiles(wave.identicalAt, correct)
  const convergesShare = shareOf(wave.identicalAt)
  const converges = convergesShare >= CONVERGES_FROM
  const windows = input.windows.map(chance)
  return {
    runs, vms, identicalSeconds, uncorrectedSeconds: openQuantiles(wave.identicalAt, asItIs), convergesShare, converges,
    enough: vms.every(({ enough }) => enough), observed: leastObserved(vms.map(({ observed }) => observed)),
    cutoverSeconds: quantiles(eachRun(runs, (run) => allCutoversSeconds(Float64Array.from(lengths, (own) => own[run] ?? 0), input.parallelCutovers))),
    downtimeSeconds: largest(vms.map(({ downtimeSeconds }) => downtimeSeconds)),
    wireBytes: quantiles(wave.sentBytes), addedLatencyMs: largest(vms.map(({ addedLatencyMs }) => addedLatencyMs)),
    remedy: converges ? null : remedyFor(input, settings, observations),
    windowChance: input.window === null ? null : chance(input.window).chance,
    windows, bestWindow: windows.reduce<WindowChance | null>((best, window) => (best === null || window.chance > best.chance || (window.chance === best.chance && window.fromMs < best.fromMs) ? window : best), null),
  }
}

/** Of `forecastWave` the wave's time to identical alone: chances of windows, and a remedy, cost several times as much. */
export function forecastIdentical(input: WaveInput, options: Partial<SimulateOptions> = {}): Pick<MoveForecast, 'enough' | 'identicalSeconds'> {
  const runs = options.runs ?? DEFAULT_RUNS
  const simulation = simulateWave(input, { ...options, runs, seed: options.seed ?? DEFAULT_SEED })
  const { identicalAt } = new Wave(input, simulation, runs)
  return { enough: simulation.observed.every(({ observed }) => isEnough(observed)), identicalSeconds: openQuantiles(identicalAt, corrector(identicalAt, input.correction)) }
}

/** One VM's or the whole wave's figures, run by run. */
class Wave {
  readonly #input: WaveInput
  readonly #simulation: Simulation
  readonly identicalAt: Float64Array
  readonly sentBytes: Float64Array

  constructor(input: WaveInput, simulation: Simulation, runs: number) {
    this.#input = input
    this.#simulation = simulation
    this.identicalAt = eachRun(runs, (run) => simulation.identicalAt.reduce((latest, own) => Math.max(latest, own[run] ?? 0), 0))
    this.sentBytes = eachRun(runs, (run) => simulation.sentBytes.reduce((sum, own) => sum + (own[run] ?? 0), 0))
  }

  vm(index: number, cutover: CutoverForecast | undefined): MoveForecast {
    const { observed, identicalAt, sentBytes, heldBack } = this.#simulation
    const own = identicalAt[index] ?? new Float64Array()
    // By its own range: one that is through long before the wave is has its P90 below the wave's P50.
    const correct = corrector(own, this.#input.correction)
    const seen = observed[index]?.observed ?? leastObserved([])
    const convergesShare = shareOf(own)
    return {
      enough: isEnough(seen), observed: seen, identicalSeconds: openQuantiles(own, correct), uncorrectedSeconds: openQuantiles(own, asItIs), convergesShare, converges: convergesShare >= CONVERGES_FROM,
      cutoverSeconds: cutover?.total ?? NONE, downtimeSeconds: cutover === undefined ? NONE : downtimeForecast(cutover),
      wireBytes: quantiles(sentBytes[index] ?? new Float64Array()),
      addedLatencyMs: this.#latency(this.#input.vms[index], heldBack[index] ?? new Float64Array()),
    }
  }

  /** The tap's part grows with the rate of the copy; a guest held back at its throttle waits as much longer as it would have written more (Little's law, with as many writes under way). */
  #latency(vm: WaveVm | undefined, heldBack: Float64Array): Quantiles {
    const rate = partOfLine(this.#input.link.p50BytesPerSecond, this.#input)
    const tap = LATENCY_MS.slow + (LATENCY_MS.full - LATENCY_MS.slow) * Math.min(1, rate / LATENCY_MS.fullBytesPerSecond)
    const held = quantiles(heldBack)
    const base = vm?.writeLatencyMs ?? 0
    return { p50: tap + base * held.p50, p90: LATENCY_MS.full + base * held.p90 }
  }
}

const asItIs = (seconds: number) => seconds
const NONE: Quantiles = { p50: 0, p90: 0 }

function cutoverOf(vm: WaveVm, { link, measured }: WaveInput): CutoverForecast {
  const churnRates = vm.dirtiedBytes.flatMap((bytes) => (bytes === null ? [] : [bytes / vm.intervalSeconds]))
  return forecastCutover({ usedBytes: vm.usedBytes, sizeBytes: vm.sizeBytes, ...(vm.unprovenBytes === undefined ? {} : { unprovenBytes: vm.unprovenBytes }), churnRates }, link, measured)
}

/** Lengths whose median and 90th percentile are the forecast's (log-normal: a cutover is never short by as much as it may be long). */
function drawLengths({ p50, p90 }: Quantiles, runs: number, seed: number, vm: number): Float64Array {
  const spread = p50 > 0 && p90 > p50 ? Math.log(p90 / p50) / Z_OF_P90 : 0
  return eachRun(runs, (run) => p50 * Math.exp(spread * normalQuantile(uniform(seed + 1, run, vm))))
}

type Played = { readonly simulation: Simulation; readonly lengths: readonly Float64Array[]; readonly cutovers: readonly CutoverForecast[]; readonly runs: number; readonly correct: (seconds: number) => number }

/** The chance of a window, over all runs. */
function chances({ startAtMs, parallelCutovers, window, windows }: WaveInput, { simulation, lengths, cutovers, runs, correct }: Played): (window: CutoverWindow) => WindowChance {
  const needed = Float64Array.from(cutovers, ({ total }) => total.p90)
  const each = (window === null && windows.length === 0 ? [] : Array.from({ length: runs })).map((_, run) => ({
    identicalAt: Float64Array.from(simulation.identicalAt, (own) => correct(own[run] ?? Number.POSITIVE_INFINITY)),
    lengths: Float64Array.from(lengths, (own) => own[run] ?? 0), needed, parallel: parallelCutovers,
  }))
  return (one) => ({ ...one, chance: each.filter((run) => fitsWindow(one, startAtMs, run)).length / Math.max(1, runs) })
}

function eachRun(runs: number, of: (run: number) => number): Float64Array {
  return Float64Array.from({ length: runs }, (_, run) => of(run))
}

/** By nearest rank. */
function at(values: Float64Array, share: number): number {
  return values.toSorted()[Math.max(0, Math.ceil(share * values.length) - 1)] ?? 0
}

function quantiles(values: Float64Array): Quantiles {
  return { p50: at(values, 0.5), p90: at(values, 0.9) }
}

function openQuantiles(values: Float64Array, correct: (seconds: number) => number): OpenQuantiles {
  const { p50, p90 } = quantiles(values)
  return { p50: Number.isFinite(p50) ? correct(p50) : null, p90: Number.isFinite(p90) ? correct(p90) : null }
}

function shareOf(identicalAt: Float64Array): number {
  return identicalAt.length === 0 ? 1 : identicalAt.reduce((count, seconds) => count + (Number.isFinite(seconds) ? 1 : 0), 0) / identicalAt.length
}

function largest(values: readonly Quantiles[]): Quantiles {
  return { p50: Math.max(0, ...values.map(({ p50 }) => p50)), p90: Math.max(0, ...values.map(({ p90 }) => p90)) }
}

function leastObserved(all: readonly Observed[]): Observed {
  const none: Observed = { intervals: 0, seconds: 0, dayShare: 0, neededIntervals: 0, neededSeconds: 0 }
  return all.reduce<Observed | null>((least, one) => (least === null || one.dayShare < least.dayShare || (one.dayShare === least.dayShare && one.seconds < least.seconds) ? one : least), null) ?? none
}
