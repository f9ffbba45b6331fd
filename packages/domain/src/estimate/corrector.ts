import type { Correction } from './wave-input.ts'

/**
 * How times of one wave, or of one VM, are corrected by what earlier estimates of the site missed: the median by its factor, the 90th percentile by its own,
 * what lies between and beyond in proportion. Never makes a later time the earlier one; without a correction nothing changes.
 */
export function corrector(identicalAt: Float64Array, correction: Correction | null): (seconds: number) => number {
  if (correction === null) return (seconds) => seconds
  const ordered = identicalAt.toSorted()
  const p50 = ordered[Math.ceil(ordered.length / 2) - 1] ?? Number.POSITIVE_INFINITY
  const p90 = ordered[Math.ceil(0.9 * ordered.length) - 1] ?? Number.POSITIVE_INFINITY
  const { p50Factor, p90Factor } = correction
  if (!Number.isFinite(p50)) return (seconds) => seconds * p50Factor
  const rises = Number.isFinite(p90) && p90 > p50
  const slope = rises ? Math.max(0, p90 * p90Factor - p50 * p50Factor) / (p90 - p50) : Math.max(p50Factor, p90Factor)
  return (seconds) => (seconds <= p50 ? seconds * p50Factor : p50 * p50Factor + (seconds - p50) * slope)
}
