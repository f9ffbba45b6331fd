import { usualWrites } from './usual-writes.ts'
import type { Observed, WaveVm } from './wave-input.ts'

export const DAY_SECONDS = 86_400
/** What is older says less about the next days than it costs. */
const MOST_DAYS = 7
/** Less than an hour of a day, or than a dozen intervals, shows neither a pattern nor a spread. */
const FEWEST_DAY_SHARE = 1 / 24
const FEWEST_INTERVALS = 12

/** What a VM was seen to write, as days of equal slots by the time of day of UTC: `days` rows of `slots`, bytes per second. */
export type ObservedDays = {
  readonly slots: number
  readonly days: number
  /** What is usual, where nothing was seen the mean of that time of day or of all; and what bursts added to it. */
  readonly usual: Float64Array
  readonly burst: Float64Array
  readonly level: number
  readonly variability: number
  readonly observed: Observed
}

/** Lays the intervals of an observation onto slots of `slotSeconds` (which divide a day of `daySeconds`). A null, or a negative value, is a gap. */
export function observedDays(vm: WaveVm, slotSeconds: number, daySeconds = DAY_SECONDS): ObservedDays {
  const skipped = Math.max(0, vm.dirtiedBytes.length - Math.floor((MOST_DAYS * daySeconds) / vm.intervalSeconds))
  const recent = { ...vm, dirtiedBytes: vm.dirtiedBytes.slice(skipped), firstIntervalAtMs: vm.firstIntervalAtMs + skipped * vm.intervalSeconds * 1000 }
  const { usual, burst, level, variability } = usualWrites(recent, daySeconds)
  const slots = Math.max(1, Math.round(daySeconds / slotSeconds))
  const days = Math.max(1, Math.ceil((usual.length * vm.intervalSeconds) / daySeconds - ROUNDING))
  const usualDays = new Float64Array(days * slots)
  const burstDays = new Float64Array(days * slots)
  const seen = new Float64Array(days * slots)
  const firstSeconds = recent.firstIntervalAtMs / 1000
  let intervals = 0
  let total = 0
  for (const [index, bytes] of usual.entries()) {
    if (bytes === null) continue
    intervals += 1
    total += bytes
    const begins = firstSeconds + index * vm.intervalSeconds
    const ends = begins + vm.intervalSeconds
    const day = Math.min(days - 1, Math.floor((index * vm.intervalSeconds) / daySeconds + ROUNDING))
    for (let at = begins; at < ends - ROUNDING; ) {
      const slot = Math.floor(at / slotSeconds + ROUNDING)
      const seconds = Math.min(ends, (slot + 1) * slotSeconds) - at
      const cell = day * slots + (slot % slots)
      usualDays[cell] = (usualDays[cell] ?? 0) + (bytes / vm.intervalSeconds) * seconds
      burstDays[cell] = (burstDays[cell] ?? 0) + ((burst[index] ?? 0) / vm.intervalSeconds) * seconds
      seen[cell] = (seen[cell] ?? 0) + seconds
      at += seconds
    }
  }
  const seconds = intervals * vm.intervalSeconds
  fillGaps(burstDays, seen, slots, 0)
  const seenSlots = fillGaps(usualDays, seen, slots, seconds > 0 ? total / seconds : 0)
  return { slots, days, usual: usualDays, burst: burstDays, level, variability, observed: { intervals, seconds, dayShare: seenSlots / slots, neededIntervals: FEWEST_INTERVALS, neededSeconds: FEWEST_DAY_SHARE * daySeconds } }
}

/** Seconds and slots are fractions. */
const ROUNDING = 1e-6

/** Makes rates of the sums, in place; answers how many times of day were seen on any day. */
function fillGaps(sums: Float64Array, seen: Float64Array, slots: number, otherwise: number): number {
  let seenSlots = 0
  for (let slot = 0; slot < slots; slot += 1) {
    let sum = 0
    let seconds = 0
    for (let cell = slot; cell < sums.length; cell += slots) {
      sum += sums[cell] ?? 0
      seconds += seen[cell] ?? 0
    }
    if (seconds > 0) seenSlots += 1
    for (let cell = slot; cell < sums.length; cell += slots) {
      const here = seen[cell] ?? 0
      sums[cell] = here > 0 ? (sums[cell] ?? 0) / here : seconds > 0 ? sum / seconds : otherwise
    }
  }
  return seenSlots
}

/** What a VM wrote over all that was seen of it; 0: nothing was seen. */
export function meanBytesPerSecond({ dirtiedBytes, intervalSeconds }: Pick<WaveVm, 'dirtiedBytes' | 'intervalSeconds'>): number {
  const seen = dirtiedBytes.filter((bytes) => bytes !== null)
  return seen.length === 0 ? 0 : seen.reduce((sum, bytes) => sum + bytes, 0) / (seen.length * intervalSeconds)
}

/** What VMs were seen to write, laid out once for each number of slots: a remedy is looked for in many simulations. */
export class Observations {
  readonly #vms: readonly WaveVm[]
  readonly #daySeconds: number
  readonly #bySlots = new Map<number, readonly ObservedDays[]>()
  /** Of each VM, over all that was seen. */
  readonly meanBytesPerSecond: readonly number[]

  constructor(vms: readonly WaveVm[], daySeconds = DAY_SECONDS) {
    this.#vms = vms
    this.#daySeconds = daySeconds
    this.meanBytesPerSecond = vms.map(meanBytesPerSecond)
  }

  in(slots: number): readonly ObservedDays[] {
    const known = this.#bySlots.get(slots) ?? this.#vms.map((vm) => observedDays(vm, this.#daySeconds / slots, this.#daySeconds))
    this.#bySlots.set(slots, known)
    return known
  }
}

/** Whether that is enough to say anything. */
export function isEnough({ intervals, seconds, neededIntervals, neededSeconds }: Observed): boolean {
  return intervals >= neededIntervals && seconds >= neededSeconds
}
