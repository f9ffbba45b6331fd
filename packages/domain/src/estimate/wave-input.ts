import type { MeasuredCutovers } from '../cutover/forecast.ts'
import type { EstimateLink, Quantiles } from '../estimate.ts'
import type { RateSchedule } from '../rate-schedule.ts'

/** One point of a VM's working-set curve: so many unique bytes were written within so many seconds. */
export type WorkingSetPoint = { readonly spanSeconds: number; readonly uniqueBytes: number }

/** One VM of a wave, as it was observed. */
export type WaveVm = {
  readonly id: string
  /** What has to be copied, and what the disks hold in all. */
  readonly usedBytes: number
  readonly sizeBytes: number
  /** Of those, what the two sides have not yet read back and found equal; left out: nothing was. */
  readonly unprovenBytes?: number
  /** Bytes on the wire per byte of disk, after zeroes and compression; left out: 1. */
  readonly sentShare?: number
  readonly intervalSeconds: number
  /** Unique bytes written in each interval, oldest first; null: a gap in the observation. */
  readonly dirtiedBytes: readonly (number | null)[]
  /** When the first interval began. */
  readonly firstIntervalAtMs: number
  /** What is written over and over is sent fewer times than the sum of the intervals says; left out: every interval counts whole. */
  readonly workingSet?: readonly WorkingSetPoint[]
  /** What a write takes today; left out: unknown, and a throttle's delays are not told. */
  readonly writeLatencyMs?: number
}

export type WaveLink = EstimateLink & {
  /** At some hours of the day (0 to 23, by the clock of `timeZone`) the line gives something else. */
  readonly byHour?: readonly (EstimateLink & { readonly hour: number })[]
  /** What the site may send, by its timetable; left out: all that the line gives. */
  readonly limit?: { readonly schedule: RateSchedule; readonly siteBytesPerSecond: number | null }
}

export type TimeSpan = { readonly fromMs: number; readonly toMs: number }
/** `lockoutMs`: nothing new may start from then on; left out: until the end. */
export type CutoverWindow = TimeSpan & { readonly lockoutMs?: number }

/** What earlier estimates of the site teach: both quantiles of the time to identical are multiplied by it. See `predictionError`. */
export type Correction = { readonly p50Factor: number; readonly p90Factor: number }

export type WaveInput = {
  /** In the wave's order. */
  readonly vms: readonly WaveVm[]
  readonly link: WaveLink
  /** The wave's own cap on what it sends, and a cap on what each guest may write. Null: none. */
  readonly capBytesPerSecond: number | null
  readonly throttleBytesPerSecond: number | null
  readonly startAtMs: number
  readonly timeZone: string
  /** How long the day is in which what was observed repeats; left out: 86,400. Shorter only where an agent was told to have shorter minutes, for a demonstration or a test. */
  readonly daySeconds?: number
  /** So many first copies run beside one another, at most. */
  readonly parallelCopies: number
  readonly parallelCutovers: number
  /** What each other wave on the line asks for, bytes per second; null: all it can get. All get an equal part, or less if they ask for less. */
  readonly othersWantBytesPerSecond: readonly (number | null)[]
  /** What the target site's line takes in from this wave beside all other copies into it, other customers' too; left out: as much as it gets. */
  readonly targetBytesPerSecond?: number
  /** The wave's window, and free ones beside which it is compared. */
  readonly window: CutoverWindow | null
  readonly windows: readonly CutoverWindow[]
  readonly measured: MeasuredCutovers | null
  readonly correction: Correction | null
}

/** Null: in so many cases it never comes to an end. */
export type OpenQuantiles = { readonly p50: number | null; readonly p90: number | null }

/** How much of a VM, or of the VM of a wave that was seen least, was observed, and what an estimate needs. `dayShare`: of the times of day. */
export type Observed = { readonly intervals: number; readonly seconds: number; readonly dayShare: number; readonly neededIntervals: number; readonly neededSeconds: number }

export type MoveForecast = {
  /** Whether enough was observed for the figures to be shown. */
  readonly enough: boolean
  readonly observed: Observed
  /** From the start of the wave until everything written so far is at the target. */
  readonly identicalSeconds: OpenQuantiles
  /** The same without the site's correction: what `predictionError` learns from, or it would correct what was corrected. */
  readonly uncorrectedSeconds: OpenQuantiles
  /** Of a VM: its cutover with all checks. Of the wave: from its first cutover's start to its last one's end. */
  readonly cutoverSeconds: Quantiles
  /** What the guest is away for; of the wave: the VM with the longest. */
  readonly downtimeSeconds: Quantiles
  /** All that is sent until the wave is identical (or, where it never is, as far as it was followed). */
  readonly wireBytes: Quantiles
  /** What each write takes longer while the first copy runs; of the wave: the VM with most. */
  readonly addedLatencyMs: Quantiles
  /** In so many of the runs it becomes identical, and whether those are nine in ten. */
  readonly convergesShare: number
  readonly converges: boolean
}
export type VmForecast = MoveForecast & { readonly id: string }

export type WindowChance = CutoverWindow & {
  /** In so many of the runs all VMs are identical in time, and every cutover starts and ends within. */
  readonly chance: number
}

/** What would make it converge; each null where nothing of the kind does. */
export type Remedy = {
  /** A cap on what each guest writes. */
  readonly throttleBytesPerSecond: number | null
  /** A full hour of the next day at which to start: the first, where a close look confirms it, or else the most promising. */
  readonly startAtMs: number | null
}

export type WaveForecast = MoveForecast & {
  readonly runs: number
  readonly vms: readonly VmForecast[]
  /** Null where it converges. */
  readonly remedy: Remedy | null
  /** Null without a window. */
  readonly windowChance: number | null
  /** In the order they were given. */
  readonly windows: readonly WindowChance[]
  /** The free window with the highest chance, of equals the earliest; null without any. */
  readonly bestWindow: WindowChance | null
}
