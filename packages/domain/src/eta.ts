import { quantile } from './downtime.ts'

/** When the copy is done, as a range in seconds from now; null bounds mean "not at this rate". */
export type Eta = { readonly p50Seconds: number | null; readonly p90Seconds: number | null }

/** Fewer samples than this say nothing about a range. */
export const FEWEST_ETA_SAMPLES = 3

/**
 * Time left for `leftBytes` given recent net rates (bytes sent less unique bytes newly written, per
 * second, one value a sample): the median rate gives P50, the rate reached in 90 % of samples P90.
 * Null when too little is known yet.
 */
export function eta(leftBytes: number, netRates: readonly number[]): Eta | null {
  if (leftBytes <= 0) return { p50Seconds: 0, p90Seconds: 0 }
  if (netRates.length < FEWEST_ETA_SAMPLES) return null
  const at = (share: number): number | null => {
    const rate = quantile(netRates, share)
    return rate === null || rate <= 0 ? null : leftBytes / rate
  }
  return { p50Seconds: at(0.5), p90Seconds: at(0.1) }
}
