import { DAY_SECONDS, meanBytesPerSecond } from './observed-days.ts'
import type { EstimateLink } from '../estimate.ts'
import type { OpenQuantiles, WaveVm, WorkingSetPoint } from './wave-input.ts'
import { uniqueBytesWithin } from './working-set-curve.ts'

/** One VM as the choice between wire and lorry sees it. */
export type PlannerVm = {
  readonly id: string
  /** What has to be copied, and the most that a catch-up can be. */
  readonly usedBytes: number
  readonly sizeBytes: number
  /** Bytes on the wire, and on a device, per byte of disk; left out: 1. */
  readonly sentShare?: number
  /** Unique bytes written per second, in the mean. */
  readonly churnBytesPerSecond: number
  /** What longer spans dirty; left out: the mean churn goes on and on. */
  readonly workingSet?: readonly WorkingSetPoint[]
}

/** The same of a VM as it was observed. */
export function plannerVm(vm: WaveVm): PlannerVm {
  const { id, usedBytes, sizeBytes, sentShare, workingSet } = vm
  return { id, usedBytes, sizeBytes, churnBytesPerSecond: meanBytesPerSecond(vm), ...(sentShare === undefined ? {} : { sentShare }), ...(workingSet === undefined ? {} : { workingSet }) }
}

export type PlannerInput = {
  readonly vms: readonly PlannerVm[]
  /** What the wave gets of the line. */
  readonly line: EstimateLink
  /** From the hand-over to the carrier until the device is at the target. */
  readonly shippingDays: number
  /** What devices are written and read at, in bytes on the device. */
  readonly exportBytesPerSecond: number
  readonly importBytesPerSecond: number
  /** What the devices hold in all; null: enough. */
  readonly deviceBytes: number | null
}

export type Way = 'WIRE' | 'DISK'
/**
 * Why a VM goes which way. WIRE: FASTER_BY_WIRE (than its own disk), FITS_MEANWHILE (it is through while the devices of others travel),
 * REWRITTEN_MEANWHILE (most of a seed would have to be sent again), NOT_WORTH_A_DEVICE (too little is gained), DEVICES_FULL.
 * DISK: SLOWER_BY_WIRE, FREES_THE_LINE (alone the wire would be faster, but others need it). OUTRUNS_LINE: neither way ever ends.
 */
export const WAY_REASONS = ['FASTER_BY_WIRE', 'FITS_MEANWHILE', 'REWRITTEN_MEANWHILE', 'NOT_WORTH_A_DEVICE', 'DEVICES_FULL', 'SLOWER_BY_WIRE', 'FREES_THE_LINE', 'OUTRUNS_LINE'] as const
export type WayReason = (typeof WAY_REASONS)[number]

export type PlannedVm = {
  readonly id: string
  readonly way: Way
  readonly reason: WayReason
  /** As if it were alone. P90: on the line's slow tenth. Null: never. */
  readonly wireSeconds: OpenQuantiles
  readonly diskSeconds: OpenQuantiles
  /** What it would write while its seed is made, travels and is read, in bytes of the disk. */
  readonly catchUpBytes: number
  /** Below this line rate a device is faster; null: never is. */
  readonly breakEvenBytesPerSecond: number | null
}

export type WayPlan = {
  readonly recommendation: Way | 'MIXED'
  readonly vms: readonly PlannedVm[]
  /** The whole wave all by wire, all by disk, and as recommended. */
  readonly wireSeconds: OpenQuantiles
  readonly diskSeconds: OpenQuantiles
  readonly plannedSeconds: OpenQuantiles
  /** Of the whole wave; below it devices are faster. Null: they never are. */
  readonly breakEvenBytesPerSecond: number | null
  /** On the devices, as recommended. */
  readonly storedBytes: number
}

/** Devices are work: they have to save this much of the time. */
const WORTH_SHARE = 0.1
/** From here on a seed is mostly stale when it arrives. */
const STALE_SHARE = 0.5

/**
 * Which VMs of a wave to send by wire and which by lorry, so that the last one is there first. Devices travel while the line works; what was
 * written meanwhile, by the working-set curve, is caught up after. Tried are all numbers of VMs by disk in two orders: those first that
 * write least again per byte, and the largest first.
 */
export function planWays(input: PlannerInput): WayPlan {
  const { vms } = input
  const none = new Set<PlannerVm>()
  const wire = both((rate) => finish(input, none, rate), input.line)
  const disk = both((rate) => finish(input, new Set(vms), rate), input.line)
  const chosen = choose(input)
  const planned = vms.map((vm): PlannedVm => {
    const alone = { ...input, vms: [vm] }
    const way = chosen.has(vm) ? 'DISK' : 'WIRE'
    const wireSeconds = both((rate) => finish(alone, none, rate), input.line)
    const diskSeconds = both((rate) => finish(alone, new Set([vm]), rate), input.line)
    const catchUpBytes = catchUp(vm, transitSeconds(input, [vm]))
    return { id: vm.id, way, wireSeconds, diskSeconds, catchUpBytes, breakEvenBytesPerSecond: breakEven(alone), reason: reasonOf(input, vm, { way, wire: wireSeconds.p50, disk: diskSeconds.p50, catchUpBytes, chosen }) }
  })
  return {
    recommendation: chosen.size === 0 ? 'WIRE' : chosen.size === vms.length ? 'DISK' : 'MIXED', vms: planned, wireSeconds: wire, diskSeconds: disk,
    plannedSeconds: both((rate) => finish(input, chosen, rate), input.line), breakEvenBytesPerSecond: breakEven(input), storedBytes: sum([...chosen], onDevice),
  }
}

/** All by wire and all by disk on other lines, for a picture of where they cross. Seconds; null: never. */
export function waysByLine(input: PlannerInput, ratesBytesPerSecond: readonly number[]): { readonly bytesPerSecond: number; readonly wireSeconds: number | null; readonly diskSeconds: number | null }[] {
  return ratesBytesPerSecond.map((rate) => ({ bytesPerSecond: rate, wireSeconds: finish(input, new Set(), rate), diskSeconds: finish(input, new Set(input.vms), rate) }))
}

/** Until the whole wave is identical with these VMs by disk: seconds; null: never. */
function finish(input: PlannerInput, byDisk: ReadonlySet<PlannerVm>, rate: number): number | null {
  const free = rate - sum(input.vms, (vm) => vm.churnBytesPerSecond * share(vm))
  const byWire = input.vms.filter((vm) => !byDisk.has(vm))
  if (input.vms.length === 0) return 0
  if (!(free > 0)) return null
  const copySeconds = sum(byWire, onDevice) / free
  if (byDisk.size === 0) return copySeconds
  const transit = transitSeconds(input, [...byDisk])
  const catchUpSeconds = sum([...byDisk], (vm) => catchUp(vm, transit) * share(vm)) / free
  // The line may still be busy with the others when the devices are read.
  return Math.max(copySeconds, transit) + catchUpSeconds
}

/** Of all subsets tried, the one with which the wave is there first; none where devices gain too little. */
function choose(input: PlannerInput): ReadonlySet<PlannerVm> {
  const rate = input.line.p50BytesPerSecond
  const transit = transitSeconds(input, input.vms)
  const rewritten = (vm: PlannerVm) => catchUp(vm, transit) / Math.max(1, vm.usedBytes)
  const orders = [input.vms.toSorted((one, other) => rewritten(one) - rewritten(other)), input.vms.toSorted((one, other) => onDevice(other) - onDevice(one))]
  let best: ReadonlySet<PlannerVm> = new Set()
  let bestSeconds = finish(input, best, rate)
  if (bestSeconds === null) return best
  bestSeconds *= 1 - WORTH_SHARE
  for (const order of orders) {
    const some = new Set<PlannerVm>()
    let stored = 0
    for (const vm of order) {
      if (vm.usedBytes <= 0 || (input.deviceBytes !== null && stored + onDevice(vm) > input.deviceBytes)) continue
      stored += onDevice(vm)
      some.add(vm)
      const seconds = finish(input, some, rate)
      if (seconds === null || seconds >= bestSeconds) continue
      bestSeconds = seconds
      best = new Set(some)
    }
  }
  return best
}

/** Making the seed, the lorry, and reading it. What is written from its start on has to be caught up. */
function transitSeconds({ shippingDays, exportBytesPerSecond, importBytesPerSecond }: PlannerInput, byDisk: readonly PlannerVm[]): number {
  const stored = sum(byDisk, onDevice)
  return shippingDays * DAY_SECONDS + stored / exportBytesPerSecond + stored / importBytesPerSecond
}

function catchUp(vm: PlannerVm, seconds: number): number {
  const straight = vm.churnBytesPerSecond * seconds
  return Math.min(vm.sizeBytes, straight, (vm.workingSet === undefined ? null : uniqueBytesWithin(vm.workingSet, seconds)) ?? straight)
}

/** With churn c, bulk B, catch-up C and transit T, B/(L − c) = T + C/(L − c) at L = c + (B − C)/T. */
function breakEven(input: PlannerInput): number | null {
  const transit = transitSeconds(input, input.vms)
  const spared = sum(input.vms, (vm) => onDevice(vm) - catchUp(vm, transit) * share(vm))
  return spared > 0 && transit > 0 ? sum(input.vms, (vm) => vm.churnBytesPerSecond * share(vm)) + spared / transit : null
}

type Seen = { readonly way: Way; readonly wire: number | null; readonly disk: number | null; readonly catchUpBytes: number; readonly chosen: ReadonlySet<PlannerVm> }

function reasonOf(input: PlannerInput, vm: PlannerVm, { way, wire, disk, catchUpBytes, chosen }: Seen): WayReason {
  if (finish(input, chosen, input.line.p50BytesPerSecond) === null || wire === null || disk === null) return 'OUTRUNS_LINE'
  if (way === 'DISK') return wire > disk ? 'SLOWER_BY_WIRE' : 'FREES_THE_LINE'
  if (catchUpBytes >= STALE_SHARE * vm.usedBytes) return 'REWRITTEN_MEANWHILE'
  if (input.deviceBytes !== null && sum([...chosen], onDevice) + onDevice(vm) > input.deviceBytes && wire > disk) return 'DEVICES_FULL'
  if (chosen.size > 0) return wire > disk ? 'FITS_MEANWHILE' : 'FASTER_BY_WIRE'
  return wire > disk ? 'NOT_WORTH_A_DEVICE' : 'FASTER_BY_WIRE'
}

const share = (vm: PlannerVm) => vm.sentShare ?? 1
const onDevice = (vm: PlannerVm) => vm.usedBytes * share(vm)

function both(of: (bytesPerSecond: number) => number | null, { p50BytesPerSecond, p90BytesPerSecond }: EstimateLink): OpenQuantiles {
  return { p50: of(p50BytesPerSecond), p90: of(Math.min(p50BytesPerSecond, p90BytesPerSecond)) }
}

function sum(vms: readonly PlannerVm[], of: (vm: PlannerVm) => number): number {
  return vms.reduce((total, vm) => total + of(vm), 0)
}
