import { uniform } from './random.ts'
import type { NewShare } from './working-set-curve.ts'

/** What was observed keeps its time of day within two hours: people and schedules are not more punctual. In parts of a day. */
const JITTER_DAY_SHARE = 2 / 24
/** A quiet or a busy stretch of four hours stays together. */
const BLOCK_DAY_SHARE = 4 / 24

/** A VM as a run plays it: what is known, and what the run makes of it. Bytes of the disk unless named otherwise. */
export type RunVm = {
  readonly usedBytes: number
  readonly sentShare: number
  readonly days: number
  /** Rows of days, bytes per second. */
  readonly usual: Float64Array
  readonly burst: Float64Array
  /** What its writes are multiplied by in the middle, and by how much they differ from it: a standard deviation of the logarithm. */
  readonly level: number
  readonly spread: number
  readonly newShares: readonly NewShare[]
  /** Of this run: what the usual is multiplied by, and how much of each burst comes again. */
  factor: number
  recurring: number
  phase: 'WAITING' | 'COPYING' | 'IDENTICAL'
  leftBytes: number
  dirtyBytes: number
  arrivedBytes: number
  /** Wanted and given in the present step, on the wire. */
  wanted: number
  given: number
  sentBytes: number
  /** Seconds since the start; infinite: never. */
  identicalAt: number
  /** How much more it would have written than its throttle let it, summed over steps. */
  heldBack: number
  steps: number
}

export type RunSetting = {
  readonly stepSeconds: number
  /** Of the first step, in slots of the day. */
  readonly firstSlot: number
  readonly slots: number
  /** What the wave may send in each step, on the wire; over again where the steps are more. */
  readonly capacity: Float64Array
  readonly steps: number
  readonly parallelCopies: number
  readonly throttleBytesPerSecond: number
  /** What is written where the sweep has not yet been costs nothing more: it is swept later. */
  readonly sweepTakesLaterWrites: boolean
  readonly seed: number
  readonly run: number
}

/**
 * Plays one wave through, VMs in their order, until all are identical or the steps end. A fluid model (pre-copy migration, Clark et al.,
 * NSDI 2005): in each step guests dirty what a day of theirs did at this time of day, and the line is shared out max-min fairly among those
 * that copy or keep up. Days are a moving block bootstrap (Künsch, Annals of Statistics 17, 1989) whose blocks keep their time of day, within
 * two hours and around the clock (circular: Politis and Romano, 1992); all VMs draw the same block, so that what they do together stays so.
 */
export function runWave(vms: readonly RunVm[], setting: RunSetting): void {
  const { stepSeconds, slots, steps, capacity, parallelCopies, seed, run } = setting
  const jitterSlots = Math.round(JITTER_DAY_SHARE * slots)
  const blockSteps = Math.max(1, Math.round(BLOCK_DAY_SHARE * slots))
  for (const vm of vms) reset(vm)
  let next = 0
  let left = vms.length
  let copying = 0
  let dayShare = 0
  let jitter = 0
  for (let step = 0; step < steps && left > 0; step += 1) {
    if (step % blockSteps === 0) {
      const block = step / blockSteps
      dayShare = uniform(seed, run, 2 * block)
      jitter = Math.round((2 * uniform(seed, run, 2 * block + 1) - 1) * jitterSlots)
    }
    const slot = (((setting.firstSlot + step + jitter) % slots) + slots) % slots
    while (copying < parallelCopies && next < vms.length) {
      const vm = vms[next]
      if (vm !== undefined) vm.phase = 'COPYING'
      next += 1
      copying += 1
    }
    const total = capacity[step % capacity.length] ?? 0
    const fair = total / Math.max(1, next)
    let wanted = 0
    for (let index = 0; index < next; index += 1) {
      const vm = vms[index]
      if (vm !== undefined) wanted += write(vm, setting, slot, dayShare, stepSeconds, fair)
    }
    const level = share(vms, next, total, wanted)
    let ended = 0
    let endedAt = 0
    for (let index = 0; index < next; index += 1) {
      const vm = vms[index]
      if (vm === undefined) continue
      const pending = vm.leftBytes + vm.dirtyBytes
      take(vm)
      if (vm.phase !== 'COPYING' || vm.given < vm.wanted) continue
      // All that is left of the line goes to those that still copy.
      const could = wanted <= total ? vm.wanted + (total - wanted) / Math.max(1, copying) : Math.max(level, vm.wanted)
      const gained = could / vm.sentShare - vm.arrivedBytes
      const part = pending <= 0 ? 0 : Math.min(1, gained > 0 ? pending / gained : 1)
      vm.phase = 'IDENTICAL'
      vm.identicalAt = (step + part) * stepSeconds
      endedAt = Math.max(endedAt, part)
      ended += 1
    }
    copying -= ended
    left -= ended
    // Whoever's turn comes within the step gets what is left of it.
    let rest = total - wanted
    while (ended > 0 && rest > 0 && copying < parallelCopies && next < vms.length) {
      const vm = vms[next]
      next += 1
      if (vm === undefined) continue
      vm.phase = 'COPYING'
      const own = write(vm, setting, slot, dayShare, stepSeconds * (1 - endedAt), rest)
      vm.given = Math.min(own, rest)
      const pending = vm.leftBytes
      const gained = rest / vm.sentShare - vm.arrivedBytes
      take(vm)
      rest -= vm.given
      if (vm.given < own) {
        copying += 1
        continue
      }
      endedAt += (1 - endedAt) * (pending <= 0 ? 0 : Math.min(1, gained > 0 ? pending / gained : 1))
      vm.phase = 'IDENTICAL'
      vm.identicalAt = (step + endedAt) * stepSeconds
      left -= 1
    }
  }
}

function reset(vm: RunVm): void {
  vm.phase = 'WAITING'
  vm.leftBytes = vm.usedBytes
  vm.dirtyBytes = 0
  vm.sentBytes = 0
  vm.identicalAt = Number.POSITIVE_INFINITY
  vm.heldBack = 0
  vm.steps = 0
}

/** What the guest dirties in a step of so many seconds; answers what the VM now wants to send, on the wire. `fair`: what it may expect to. */
function write(vm: RunVm, setting: RunSetting, slot: number, dayShare: number, seconds: number, fair: number): number {
  const cell = Math.floor(dayShare * vm.days) * setting.slots + slot
  const rate = (vm.usual[cell] ?? 0) * vm.factor + (vm.burst[cell] ?? 0) * vm.recurring
  const throttled = Math.min(rate, setting.throttleBytesPerSecond)
  if (throttled > 0) vm.heldBack += rate / throttled - 1
  vm.steps += 1
  let arrived = throttled * seconds
  if (vm.newShares.length > 0) arrived *= newShareAt(vm.newShares, vm.dirtyBytes)
  if (setting.sweepTakesLaterWrites && vm.leftBytes > 0) arrived *= 1 - Math.max(0, vm.leftBytes - fair / vm.sentShare / 2) / vm.usedBytes
  vm.arrivedBytes = arrived
  vm.wanted = (vm.leftBytes + vm.dirtyBytes + arrived) * vm.sentShare
  vm.given = UNSETTLED
  return vm.wanted
}

/** What a VM is given while the line is still being shared out. */
const UNSETTLED = -1

function newShareAt(shares: readonly NewShare[], dirtyBytes: number): number {
  for (const { untilBytes, share: part } of shares) if (dirtyBytes <= untilBytes) return part
  return 1
}

/** Gives each of the first `count` VMs what it wants, or an equal part of what is there; answers that part. */
function share(vms: readonly RunVm[], count: number, capacity: number, wanted: number): number {
  if (wanted <= capacity) {
    for (let index = 0; index < count; index += 1) {
      const vm = vms[index]
      if (vm !== undefined) vm.given = vm.wanted
    }
    return capacity
  }
  let rest = capacity
  let sharers = count
  let level = rest / sharers
  // Whoever wants less than the others' part gets it, which leaves more to these; each round settles one at least.
  for (let settled = 1; settled > 0 && sharers > 0; ) {
    settled = 0
    level = rest / sharers
    for (let index = 0; index < count; index += 1) {
      const vm = vms[index]
      if (vm === undefined || vm.given !== UNSETTLED || vm.wanted > level) continue
      vm.given = vm.wanted
      rest -= vm.wanted
      settled += 1
    }
    sharers -= settled
  }
  for (let index = 0; index < count; index += 1) {
    const vm = vms[index]
    if (vm !== undefined && vm.given === UNSETTLED) vm.given = level
  }
  return level
}

/** Sends what it was given: what was dirtied first, as the agent does, then what is left of the sweep. */
function take(vm: RunVm): void {
  const bytes = vm.given / vm.sentShare
  const dirty = vm.dirtyBytes + vm.arrivedBytes
  const ofDirty = Math.min(bytes, dirty)
  vm.dirtyBytes = dirty - ofDirty
  vm.leftBytes = Math.max(0, vm.leftBytes - (bytes - ofDirty))
  vm.sentBytes += vm.given
}
