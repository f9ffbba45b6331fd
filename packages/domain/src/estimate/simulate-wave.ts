import { isWeekly, lineSteps, meanLine, partOfLine } from './line-steps.ts'
import type { LineSteps } from './line-steps.ts'
import { DAY_SECONDS, Observations } from './observed-days.ts'
import type { ObservedDays } from './observed-days.ts'
import { Z_OF_P90, normalQuantile, spread, uniform } from './random.ts'
import type { WaveInput, WaveVm } from './wave-input.ts'
import { runWave } from './wave-run.ts'
import type { RunSetting, RunVm } from './wave-run.ts'
import { newShares } from './working-set-curve.ts'

/** Steps of a minute to two hours; the first one with which a copy is expected to take few enough of them. */
const STEPS_A_DAY = [1_440, 288, 96, 48, 24, 12] as const
const FEWEST_STEPS_A_DAY = 12
const MOST_EXPECTED_STEPS = 240
/** Nobody waits longer for a copy; what has not ended by then never does. */
const LONGEST_COPY_SECONDS = 90 * DAY_SECONDS
/** A copy that has not ended after so many, ten times what was expected, never does. */
const MOST_STEPS = 10 * MOST_EXPECTED_STEPS
/** Close to the line's rate a copy takes for ever: steps are chosen as if this much of the line were left. */
const LEAST_LEFT_SHARE = 0.05
const WEEK_SECONDS = 7 * DAY_SECONDS
/** What converges in nine runs of ten is said to: its P90 is a time. */
export const CONVERGES_FROM = 0.9
/** By how much later days of a VM without any pattern differ from the one that was seen, in its logarithm; tuned on VMs of `npm run bench estimate`. */
const DAY_SPREAD = 0.17
/** Times of day that nobody saw may be anything: so much more where nothing was seen at all. */
const UNSEEN_SPREAD = 1
/** How far VMs of one wave are busier together than they were: half of it. */
const TOGETHER = 0.5
/** What was not seen in a day takes so much of the line in one run of ten. */
const UNSEEN_LINE_SHARE = 0.0125

export type SimulateOptions = { readonly runs: number; readonly seed: number; readonly horizonSeconds?: number; readonly sweepTakesLaterWrites?: boolean }

/** What many runs of one wave came to: of each VM in the wave's order one value a run. Seconds since the start; infinite: never. */
export type Simulation = {
  readonly observed: readonly ObservedDays[]
  readonly identicalAt: readonly Float64Array[]
  readonly sentBytes: readonly Float64Array[]
  /** Writes held back per write let through, by the throttle: the mean of the run. */
  readonly heldBack: readonly Float64Array[]
}

/** Plays a wave so many times with what was observed (`observations`: of the same VMs, where they are at hand). Pure and repeatable: the same input, runs and seed give the same figures. */
export function simulateWave(input: WaveInput, { runs, seed, horizonSeconds = LONGEST_COPY_SECONDS, sweepTakesLaterWrites = true }: SimulateOptions, observations = new Observations(input.vms, input.daySeconds)): Simulation {
  const daySeconds = input.daySeconds ?? DAY_SECONDS
  const slots = slotsFor(input, observations, daySeconds)
  const stepSeconds = daySeconds / slots
  const steps = Math.min(MOST_STEPS, Math.ceil(horizonSeconds / stepSeconds))
  // Timetables repeat every week, but for one in which clocks are changed.
  const line = lineSteps(input, stepSeconds, isWeekly(input, steps * stepSeconds) ? Math.min(steps, Math.ceil(WEEK_SECONDS / stepSeconds)) : steps)
  const observed = observations.in(slots)
  const throttle = input.throttleBytesPerSecond ?? Number.POSITIVE_INFINITY
  const vms = input.vms.flatMap((vm, index) => observed[index] === undefined ? [] : [runVm(vm, observed[index], daySeconds)])
  const means = observed.map((days) => ({ usual: meanRate(days.usual, throttle), burst: meanRate(days.burst, throttle) }))
  const identicalAt = input.vms.map(() => new Float64Array(runs))
  const sentBytes = input.vms.map(() => new Float64Array(runs))
  const heldBack = input.vms.map(() => new Float64Array(runs))
  const capacity = new Float64Array(line.p50.length)
  const usedWire = vms.reduce((sum, vm) => sum + vm.usedBytes * vm.sentShare, 0)
  const setting: Omit<RunSetting, 'steps' | 'run'> = {
    stepSeconds, slots, capacity, seed, sweepTakesLaterWrites, parallelCopies: Math.max(1, input.parallelCopies), throttleBytesPerSecond: throttle,
    firstSlot: Math.floor(input.startAtMs / 1000 / stepSeconds) % slots,
  }
  for (let run = 0; run < runs; run += 1) {
    const together = normalQuantile(spread(seed, 0, run))
    const slowness = normalQuantile(spread(seed, 1, run)) / Z_OF_P90
    const unseen = UNSEEN_LINE_SHARE * Math.max(0, together / Z_OF_P90)
    const perSecond = playLine(line, input, slowness, (1 - unseen) * stepSeconds, capacity) / stepSeconds
    let churn = 0
    for (const [index, vm] of vms.entries()) {
      const own = vms.length === 1 ? together : Math.sqrt(TOGETHER) * together + Math.sqrt(1 - TOGETHER) * normalQuantile(uniform(seed, run, -2 - index))
      vm.factor = vm.level * Math.exp(vm.spread * own)
      vm.recurring = Math.min(1, Math.max(0, own / Z_OF_P90))
      churn += Math.min(throttle, (means[index]?.usual ?? 0) * vm.factor + (means[index]?.burst ?? 0) * vm.recurring) * vm.sentShare
    }
    // What the line does not outrun in the mean ends in the first quiet hours after the bulk, or never.
    const followed = churn < perSecond ? steps : Math.min(steps, Math.ceil((usedWire / perSecond + daySeconds) / stepSeconds))
    runWave(vms, { ...setting, run, steps: Number.isFinite(followed) ? followed : Math.min(steps, slots) })
    for (const [index, vm] of vms.entries()) {
      set(identicalAt[index], run, vm.identicalAt)
      set(sentBytes[index], run, vm.sentBytes)
      set(heldBack[index], run, vm.steps === 0 ? 0 : vm.heldBack / vm.steps)
    }
  }
  return { observed, identicalAt, sentBytes, heldBack }
}

/** What the wave may send in each step of a run with this luck (0: the median; 1: the worst in ten); answers the mean of a step. */
function playLine({ p50, p90, limit }: LineSteps, input: WaveInput, slowness: number, seconds: number, capacity: Float64Array): number {
  let sum = 0
  for (let step = 0; step < capacity.length; step += 1) {
    const [rate, slow, allowed] = [p50[step] ?? 0, p90[step] ?? 0, limit[step] ?? 0]
    if (step > 0 && rate === p50[step - 1] && slow === p90[step - 1] && allowed === limit[step - 1]) capacity[step] = capacity[step - 1] ?? 0
    else {
      const own = rate <= 0 ? 0 : rate * (Math.min(rate, slow) / rate) ** slowness
      capacity[step] = partOfLine(Math.min(own, allowed), input) * seconds
    }
    sum += capacity[step] ?? 0
  }
  return capacity.length === 0 ? 0 : sum / capacity.length
}

function meanRate(rates: Float64Array, throttle: number): number {
  return rates.reduce((sum, rate) => sum + Math.min(rate, throttle), 0) / Math.max(1, rates.length)
}

function set(values: Float64Array | undefined, index: number, value: number): void {
  if (values !== undefined) values[index] = value
}

/** How much a VM's writes may differ from what was seen: less for every further day, more for every hour that nobody saw. */
function spreadOf({ observed: { seconds, dayShare }, variability }: ObservedDays, daySeconds: number): number {
  const days = Math.max(1, seconds / daySeconds)
  return Math.sqrt((DAY_SPREAD ** 2 * variability * (1 + 1 / days)) / 2 + UNSEEN_SPREAD ** 2 * (1 - dayShare))
}

function runVm(vm: WaveVm, days: ObservedDays, daySeconds: number): RunVm {
  return {
    usedBytes: vm.usedBytes, sentShare: Math.max(Number.EPSILON, vm.sentShare ?? 1), days: days.days, usual: days.usual, burst: days.burst, level: days.level,
    spread: spreadOf(days, daySeconds), newShares: vm.workingSet === undefined ? [] : newShares(vm.workingSet, vm.intervalSeconds),
    factor: 1, recurring: 0, phase: 'WAITING', leftBytes: 0, dirtyBytes: 0, arrivedBytes: 0, wanted: 0, given: 0, sentBytes: 0, identicalAt: 0, heldBack: 0, steps: 0,
  }
}

/** Steps fine enough for a short copy, and few enough for a long one: how many a day has. */
function slotsFor(input: WaveInput, { meanBytesPerSecond }: Observations, daySeconds: number): number {
  const { vms, throttleBytesPerSecond } = input
  const line = partOfLine(meanLine(input).p50BytesPerSecond, input)
  let used = 0
  let churn = 0
  for (const [index, vm] of vms.entries()) {
    const mean = meanBytesPerSecond[index] ?? 0
    used += vm.usedBytes * (vm.sentShare ?? 1)
    churn += Math.min(mean, throttleBytesPerSecond ?? mean) * (vm.sentShare ?? 1)
  }
  const expected = used / Math.max(line - churn, LEAST_LEFT_SHARE * line)
  return STEPS_A_DAY.find((slots) => (expected / daySeconds) * slots <= MOST_EXPECTED_STEPS) ?? FEWEST_STEPS_A_DAY
}
