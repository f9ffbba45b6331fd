/** When a VM is due for its next snapshot. Pure. */

/** A moment is kept no longer, whatever is still to be copied from it: what the guest writes meanwhile grows beside the disk. */
export const LONGEST_MOMENT_MS = 30 * 60_000
/** Rounds take at most this share of the time: each makes the guest stand still twice. */
const ROUND_SHARE = 1 / 10

export interface RoundFacts {
  /** How old the moment of now is. */
  readonly ageMs: number
  /** Between two rounds at least, as it was set. */
  readonly leastRoundMs: number
  readonly lastRoundMs: number
  /** Somebody wants to know what changes; else the VM is only observed. */
  readonly replicated: boolean
  /** Every copy has all of the moment. */
  readonly caughtUp: boolean
  /** The VM is off, and was when the moment was taken: nothing changes. */
  readonly whileOff: boolean
}

/** How long until the next round is due, in milliseconds, as far as can be told now; 0: it is. */
export function dueInMs({ ageMs, leastRoundMs, lastRoundMs, replicated, caughtUp, whileOff }: RoundFacts): number {
  const leastMs = Math.max(leastRoundMs, lastRoundMs / ROUND_SHARE)
  const dueAtMs = replicated && caughtUp && !whileOff ? Math.min(leastMs, LONGEST_MOMENT_MS) : LONGEST_MOMENT_MS
  return Math.max(0, dueAtMs - ageMs)
}
