import { quantile } from '../downtime.ts'
import type { WaveVm } from './wave-input.ts'

/** Bursts are told apart by the half-hour, whatever the intervals are. In parts of a day. */
const PIECE_DAY_SHARE = 1 / 48
/** What a half-hour writes beyond the busiest twentieth, and beyond this part of the disks' data, is a burst: a restore, a defragmentation; it says more about that day than about the next one. */
const USUAL_SHARE = 0.95
const BURST_USED_SHARE = 0.025
/**
 * One day of a VM that writes little is rather too quiet a day, and one that writes much too busy (regression to the mean): towards a
 * twentieth of the data a day, by a power that steady VMs have least of.
 */
const MIDDLE_DAY_SHARE = 0.05
const TOWARDS_MIDDLE = 0.05
const STEADY_VARIATION = 0.3

/** What a VM was seen to write, as it is expected to go on. */
export type UsualWrites = {
  /** Each interval without what makes it a burst, and that; null and 0: a gap. */
  readonly usual: readonly (number | null)[]
  readonly burst: Float64Array
  /** What the usual is multiplied by, to be right in the middle. */
  readonly level: number
  /** 0: every half-hour like the other; towards 1: no two alike, and so will be the days. */
  readonly variability: number
}

/** Tells bursts from what is usual. All constants were tuned on one half of 60 VMs' weeks, and are reported on the other: `npm run bench estimate`. */
export function usualWrites({ dirtiedBytes, intervalSeconds, usedBytes }: WaveVm, daySeconds: number): UsualWrites {
  const length = Math.max(1, Math.round((PIECE_DAY_SHARE * daySeconds) / intervalSeconds))
  const pieces = Array.from({ length: Math.ceil(dirtiedBytes.length / length) }, (_, piece) => meanOf(dirtiedBytes, piece * length, length))
  const seen = pieces.filter((mean) => mean !== null)
  const cap = Math.max(quantile(seen, USUAL_SHARE) ?? 0, (BURST_USED_SHARE * usedBytes * intervalSeconds) / (PIECE_DAY_SHARE * daySeconds))
  const usual = dirtiedBytes.map((bytes, index) => {
    const mean = pieces[Math.floor(index / length)] ?? 0
    return bytes === null || !(bytes >= 0) ? null : mean > cap ? (bytes * cap) / mean : bytes
  })
  const capped = seen.map((mean) => Math.min(mean, cap))
  const mean = capped.length === 0 ? 0 : sum(capped) / capped.length
  const variation = mean > 0 ? sum(capped.map((one) => (one - mean) ** 2)) / capped.length / mean ** 2 : 0
  const variability = variation / (variation + STEADY_VARIATION ** 2)
  const dayShare = usedBytes > 0 ? (mean / usedBytes) * (daySeconds / intervalSeconds) : 0
  const days = Math.max(1, (seen.length * length * intervalSeconds) / daySeconds)
  return {
    usual, burst: Float64Array.from(dirtiedBytes, (bytes, index) => Math.max(0, (bytes ?? 0) - (usual[index] ?? 0))), variability,
    level: dayShare > 0 ? (MIDDLE_DAY_SHARE / dayShare) ** ((TOWARDS_MIDDLE * variability) / days) : 1,
  }
}

/** The mean of what was seen of a piece; null where nothing was. */
function meanOf(values: readonly (number | null)[], from: number, length: number): number | null {
  let total = 0
  let seen = 0
  for (let index = from; index < Math.min(values.length, from + length); index += 1) {
    const value = values[index] ?? null
    if (value === null || !(value >= 0)) continue
    total += value
    seen += 1
  }
  return seen === 0 ? null : total / seen
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
