import { copySeconds } from './copy-run.ts'
import { HALF_HOUR_SECONDS } from './traces.ts'
import type { Trace } from './traces.ts'

/** Of the largest address range, what is in use and so has to be copied. */
const USED_SHARE = 0.6
/** Links on which the bulk alone takes so long. */
const BULK_HOURS = [6, 12, 24, 48] as const
/** When each observation of a day begins, in hours since the trace's start. */
const OBSERVED_FROM_HOURS = [0, 48, 72] as const
const DAY = 48

/** One move that is estimated, and how long it really took in the trace. */
export type Case = {
  readonly vm: string
  readonly bulkHours: number
  readonly fromHours: number
  readonly usedBytes: number
  readonly bytesPerSecond: number
  readonly observed: readonly number[]
  /** The rest of the trace: beyond it nobody knows. */
  readonly horizonSeconds: number
  /** Null: it had not converged when the trace ended. */
  readonly actualSeconds: number | null
  readonly pattern: Pattern
}

/** How much of a VM's churn a mean day explains. */
export const PATTERNS = ['daily', 'steady', 'bursty'] as const
export type Pattern = (typeof PATTERNS)[number]

export function casesOf(traces: readonly Trace[]): Case[] {
  return traces.flatMap((trace) => OBSERVED_FROM_HOURS.flatMap((fromHours) => {
    const from = fromHours * 2
    const observed = trace.dirtiedBytes.slice(from, from + DAY)
    const future = trace.dirtiedBytes.slice(from + DAY)
    if (observed.length < DAY || future.length < 2) return []
    const usedBytes = USED_SHARE * trace.addressRangeBytes
    const pattern = patternOf(trace.dirtiedBytes)
    return BULK_HOURS.map((bulkHours) => {
      const bytesPerSecond = usedBytes / (bulkHours * 3600)
      const horizonSeconds = future.length * HALF_HOUR_SECONDS
      const actualSeconds = copySeconds({ usedBytes, bytesPerSecond, horizonSeconds, intervalSeconds: HALF_HOUR_SECONDS, dirtiedBytes: (index) => future[index] ?? 0 })
      return { vm: trace.vm, bulkHours, fromHours, usedBytes, bytesPerSecond, observed, horizonSeconds, actualSeconds, pattern }
    })
  }))
}

/** DAILY: the mean day explains a third of the variance; STEADY: there is little to explain; BURSTY: the rest. */
function patternOf(dirtied: readonly number[]): Pattern {
  const mean = dirtied.reduce((sum, value) => sum + value, 0) / dirtied.length
  const variance = dirtied.reduce((sum, value) => sum + (value - mean) ** 2, 0) / dirtied.length
  if (Math.sqrt(variance) < mean) return 'steady'
  const slots = Array.from({ length: DAY }, (_, slot) => dirtied.filter((__, index) => index % DAY === slot))
  const explained = slots.reduce((sum, values) => sum + values.length * (values.reduce((total, value) => total + value, 0) / Math.max(1, values.length) - mean) ** 2, 0) / dirtied.length
  return explained > variance / 3 ? 'daily' : 'bursty'
}
