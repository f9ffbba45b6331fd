import type { Correction } from './wave-input.ts'

/** One estimate, as it was before any correction, beside what came of it, in seconds. Null: it was said never to end, or never did. */
export type Prediction = { readonly p50: number | null; readonly p90: number | null; readonly actual: number | null }

/** How right the estimates of a site were. Errors: |predicted − actual| ÷ actual, of what ended. Shares of 1; null of nothing. */
export type PredictionError = {
  readonly n: number
  readonly medianError: number | null
  readonly p90Error: number | null
  /** In so many cases the P90 was not exceeded; nine in ten are wanted. */
  readonly p90Held: number | null
  /** Whether it ends was called right. */
  readonly endCalledRight: number | null
  /** What the next estimates are multiplied by; null while too little is known. */
  readonly correction: Correction | null
}

/** Fewer moves are an anecdote: nothing is corrected by them. */
export const FEWEST_PREDICTIONS = 5
/** So many moves' worth of trust in the model: with as many of its own, a site is corrected by half of what it shows. */
const MODEL_WORTH = 10
/** No history makes an estimate three times as long, or a third. */
const MOST_FACTOR = 3
/** Said never to end, and it did: an error of the whole. */
const SAID_NEVER = 1

/**
 * Holds estimates against what came of them. The correction is split-conformal: of n ratios of actual to predicted, the one of rank
 * ⌈0.9 (n + 1)⌉ is what a next one stays below in nine of ten cases, whatever they are distributed like (Vovk, Gammerman and Shafer,
 * "Algorithmic Learning in a Random World", 2005; Romano, Patterson and Candès, NeurIPS 2019); the median likewise. Its logarithm is drawn
 * towards none by n ÷ (n + 10): few moves of a site say little. Newest or oldest first is the same; callers leave out what is too old.
 */
export function predictionError(predictions: readonly Prediction[]): PredictionError {
  const ended = predictions.flatMap(({ p50, p90, actual }) => (actual === null || actual <= 0 ? [] : [{ p50, p90, actual }]))
  const errors = ended.map(({ p50, actual }) => (p50 === null ? SAID_NEVER : Math.abs(p50 - actual) / actual)).toSorted(ascending)
  return {
    n: predictions.length, medianError: rank(errors, 0.5), p90Error: rank(errors, 0.9),
    p90Held: shareOf(predictions, ({ p90, actual }) => p90 === null || (actual !== null && actual <= p90)),
    endCalledRight: shareOf(predictions, ({ p50, actual }) => (p50 === null) === (actual === null)),
    correction: correctionOf(ended),
  }
}

function correctionOf(ended: readonly { readonly p50: number | null; readonly p90: number | null; readonly actual: number }[]): Correction | null {
  const ratios = (of: 'p50' | 'p90') => ended.flatMap((one) => ((one[of] ?? 0) > 0 ? [one.actual / (one[of] ?? 1)] : [])).toSorted(ascending)
  const [likely, late] = [ratios('p50'), ratios('p90')]
  if (likely.length < FEWEST_PREDICTIONS || late.length < FEWEST_PREDICTIONS) return null
  return { p50Factor: drawn(conformal(likely, 0.5), likely.length), p90Factor: drawn(conformal(late, 0.9), late.length) }
}

/** Of fewer than nine the ninth in ten is not known: the largest then. */
function conformal(ordered: readonly number[], share: number): number {
  return ordered[Math.min(ordered.length, Math.ceil(share * (ordered.length + 1))) - 1] ?? 1
}

function drawn(factor: number, n: number): number {
  return Math.min(MOST_FACTOR, Math.max(1 / MOST_FACTOR, Math.exp((Math.log(factor) * n) / (n + MODEL_WORTH))))
}

function rank(ordered: readonly number[], share: number): number | null {
  return ordered[Math.max(1, Math.ceil(share * ordered.length)) - 1] ?? null
}

function shareOf(predictions: readonly Prediction[], holds: (one: Prediction) => boolean): number | null {
  return predictions.length === 0 ? null : predictions.filter(holds).length / predictions.length
}

function ascending(one: number, other: number): number {
  return one - other
}
