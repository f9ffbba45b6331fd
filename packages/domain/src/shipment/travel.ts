import type { EstimateLink } from '../estimate.ts'
import { DAY_SECONDS } from '../estimate/observed-days.ts'
import type { PlannerVm } from '../estimate/planner.ts'
import type { OpenQuantiles } from '../estimate/wave-input.ts'
import { uniqueBytesWithin } from '../estimate/working-set-curve.ts'
import type { ShipmentStatus } from '../states/shipment.ts'

/**
 * What the day rests on, by where the devices are. WRITING: the seeds are still being written. TO_HAND_OVER: as if a carrier took them now.
 * ON_THEIR_WAY: the day on which they are expected. TO_BE_READ: as if they were read from now on. READING. No day can be told while
 * somebody has to act first: HELD (they cannot be written), LATE (the day has passed without them), REFUSED (the target does not take them).
 */
export const TRAVEL_REASONS = ['WRITING', 'TO_HAND_OVER', 'ON_THEIR_WAY', 'TO_BE_READ', 'READING', 'HELD', 'LATE', 'REFUSED'] as const
export type TravelReason = (typeof TRAVEL_REASONS)[number]

/** What devices are read and written at while their data is encrypted and hashed, in bytes on the device: assumed, and said where it is used. */
export const DEVICE_BYTES_PER_SECOND = 100_000_000

/** One VM that travels, as both agents last said of it. */
export type TravellingVm = PlannerVm & {
  /** Of its disks, not yet on a device; and of its seed, not yet read. */
  readonly exportLeftBytes: number
  readonly importLeftBytes: number
  /** Unique bytes written since its seed was begun, and what of the seed was found damaged or missing: both come over the wire. */
  readonly dirtyBytes: number
  readonly damagedBytes: number
  /** Since its seed was begun. */
  readonly awaySeconds: number
}

export type Travel = {
  readonly status: ShipmentStatus
  readonly late: boolean
  readonly held: boolean
  readonly refused: boolean
  readonly nowMs: number
  readonly transitDays: number
  /** Null while no carrier has them. */
  readonly expectedAtMs: number | null
  /** What the wave gets of the line. */
  readonly line: EstimateLink
  /** VMs of the wave that go over the wire: what they still have to send, and what they write anew. */
  readonly wire: { readonly leftBytes: number; readonly churnBytesPerSecond: number }
  readonly vms: readonly TravellingVm[]
}

export type TravelEta = {
  readonly reason: TravelReason
  /** When the devices are at the target, and when all of them are read; null: no day can be told. */
  readonly arrivesAtMs: number | null
  readonly readAtMs: number | null
  /** When every VM of the wave is in step, in milliseconds since the epoch; null: no day can be told, or (with `readAtMs`) the line never catches up. */
  readonly identicalAtMs: OpenQuantiles
  /** What comes over the wire once the devices are read, in bytes of the disks; while no day can be told, what there would be of it now. */
  readonly catchUpBytes: number
}

/**
 * When a wave is in step of which VMs travel by device: the carrier's day, then reading, then what was written meanwhile over the wire, by
 * each VM's working-set curve. Null: nothing of it travels any more, and what the line does says it all.
 */
export function travelEta(travel: Travel): TravelEta | null {
  const { nowMs, vms } = travel
  const reason = reasonOf(travel)
  if (reason === null || vms.length === 0) return null
  const way = secondsLeft(travel, reason)
  const catchUpBytes = sum(vms, (vm) => catchUp(vm, way?.read ?? 0))
  if (way === null) return { reason, arrivesAtMs: null, readAtMs: null, identicalAtMs: { p50: null, p90: null }, catchUpBytes }
  const at = (bytesPerSecond: number): number | null => {
    const free = bytesPerSecond - travel.wire.churnBytesPerSecond - sum(vms, (vm) => vm.churnBytesPerSecond * share(vm))
    if (!(free > 0)) return null
    // The line may still be busy with the others when the devices are read.
    const seconds = Math.max(travel.wire.leftBytes / free, way.read) + sum(vms, (vm) => catchUp(vm, way.read) * share(vm)) / free
    return nowMs + seconds * 1000
  }
  const { p50BytesPerSecond, p90BytesPerSecond } = travel.line
  return {
    reason, arrivesAtMs: nowMs + way.arrive * 1000, readAtMs: nowMs + way.read * 1000, catchUpBytes,
    identicalAtMs: { p50: at(p50BytesPerSecond), p90: at(Math.min(p50BytesPerSecond, p90BytesPerSecond)) },
  }
}

/**
 * Whether a wave whose devices are under way is in step before nothing new may start in its window: TIGHT by the median alone, LATE not even so,
 * UNKNOWN where no day can be told.
 */
export function travelFits({ identicalAtMs: { p50, p90 }, readAtMs }: Pick<TravelEta, 'identicalAtMs' | 'readAtMs'>, lockoutAtMs: number): 'FITS' | 'TIGHT' | 'LATE' | 'UNKNOWN' {
  if (readAtMs === null) return 'UNKNOWN'
  if (p50 === null || p50 >= lockoutAtMs) return 'LATE'
  return p90 === null || p90 >= lockoutAtMs ? 'TIGHT' : 'FITS'
}

function reasonOf({ status, late, held, refused }: Travel): TravelReason | null {
  switch (status) {
    case 'PREPARING': return held ? 'HELD' : 'WRITING'
    case 'PREPARED': return 'TO_HAND_OVER'
    case 'HANDED_OVER': return late ? 'LATE' : 'ON_THEIR_WAY'
    case 'RECEIVED': return 'TO_BE_READ'
    case 'IMPORTING': return refused ? 'REFUSED' : 'READING'
    case 'IMPORTED':
    case 'CAUGHT_UP':
    case 'CANCELLED': return null
  }
}

/** From now until the devices are there, and until they are read; null: nobody can say. */
function secondsLeft({ nowMs, transitDays, expectedAtMs, vms }: Travel, reason: TravelReason): { readonly arrive: number; readonly read: number } | null {
  const reading = sum(vms, ({ importLeftBytes, ...vm }) => importLeftBytes * share(vm)) / DEVICE_BYTES_PER_SECOND
  const transit = transitDays * DAY_SECONDS
  switch (reason) {
    case 'WRITING': {
      const arrive = sum(vms, ({ exportLeftBytes, ...vm }) => exportLeftBytes * share(vm)) / DEVICE_BYTES_PER_SECOND + transit
      return { arrive, read: arrive + reading }
    }
    case 'TO_HAND_OVER': return { arrive: transit, read: transit + reading }
    case 'ON_THEIR_WAY': {
      if (expectedAtMs === null) return null
      const arrive = Math.max(0, expectedAtMs - nowMs) / 1000
      return { arrive, read: arrive + reading }
    }
    case 'TO_BE_READ':
    case 'READING': return { arrive: 0, read: reading }
    case 'HELD':
    case 'LATE':
    case 'REFUSED': return null
  }
}

/** What one VM has over the wire once its seed is read: what it wrote already, what the curve says it writes anew until then, and what was damaged. */
function catchUp({ dirtyBytes, damagedBytes, awaySeconds, churnBytesPerSecond, workingSet, sizeBytes }: TravellingVm, seconds: number): number {
  const straight = churnBytesPerSecond * seconds
  const [was, will] = workingSet === undefined ? [null, null] : [uniqueBytesWithin(workingSet, awaySeconds), uniqueBytesWithin(workingSet, awaySeconds + seconds)]
  const growth = was === null || will === null ? straight : Math.min(straight, Math.max(0, will - was))
  return Math.min(sizeBytes, dirtyBytes + damagedBytes + growth)
}

const share = ({ sentShare }: { readonly sentShare?: number }) => sentShare ?? 1

function sum<T>(items: readonly T[], of: (item: T) => number): number {
  return items.reduce((total, item) => total + of(item), 0)
}
