import type { Pass } from './convergence.ts'

/** How an agent slows a guest by itself. */
export interface ThrottleState {
  /** Null: not at all. */
  readonly capBytesPerSecond: number | null
  /** What the link takes when it is given enough, as far as seen. */
  readonly linkBytesPerSecond: number
  /** It would take a lower cap to catch up, and the latency limit does not allow it. */
  readonly atLatencyLimit: boolean
}

export interface PassFacts extends Pass {
  /** 99th percentile of what the cap added to the guest's writes; null: nothing was written, or nobody can tell. */
  readonly addedLatencyMs: number | null
  /** A cutover is under way: what was reached is kept until the guest is off. */
  readonly final: boolean
}

export const NOT_SLOWED: ThrottleState = { capBytesPerSecond: null, linkBytesPerSecond: 0, atLatencyLimit: false }

/**
 * After a pass more than this share of the bytes before it: measured with real links, such passes do not end by
 * themselves (acting above it, with a cap at half the drain, went 146 → 27 → 6 → 1 MB).
 */
const STUBBORN_RATIO = 0.6
/** Half of what drains goes to new writes, half to the backlog: the next pass is at most half of this one. */
const CAP_SHARE = 0.5
/** Slower than this no guest works; a link that takes so little is not mended by slowing one. */
const LEAST_CAP_BYTES_PER_SECOND = 64 * 1024
/** A rest that the link sends in this time is no reason to slow anybody; one this small is caught up. */
const WORRYING_REST_SECONDS = 2
const CAUGHT_UP_SECONDS = 0.5
/** A guest that uses less than this share of its cap is no longer held back by it. */
const CALM_SHARE = 0.5
/** The limit counts as reached a little below it: then the cap is what the guest wrote all the same, else it is let down again by a step. */
const LIMIT_REACHED_SHARE = 0.8
const ABOVE_WRITTEN = 1.05
const LOWER = 0.9

/**
 * The throttle after one more pass. Pure. Slows a guest only when its backlog does not shrink and is worth speaking of,
 * to half of what the link takes; raises the cap as far as the latency limit asks for, even if it then does not catch up;
 * lifts it when it has caught up, or no longer needs it. `limitMs` null: nobody is slowed.
 */
export function nextThrottle(state: ThrottleState, pass: PassFacts, limitMs: number | null): ThrottleState {
  const link = linkAfter(state, pass)
  if (limitMs === null || link <= 0) return { ...NOT_SLOWED, linkBytesPerSecond: link }
  const free: ThrottleState = { capBytesPerSecond: null, linkBytesPerSecond: link, atLatencyLimit: false }
  const restSeconds = pass.afterBytes / link
  const cap = state.capBytesPerSecond
  const target = Math.max(LEAST_CAP_BYTES_PER_SECOND, (CAP_SHARE * link) / amplification(pass))
  if (cap === null) {
    const stubborn = pass.afterBytes > STUBBORN_RATIO * pass.beforeBytes && restSeconds > WORRYING_REST_SECONDS
    return stubborn ? { ...free, capBytesPerSecond: target } : free
  }
  const caughtUp = pass.sweepComplete && restSeconds <= CAUGHT_UP_SECONDS
  const calm = pass.writtenBytesPerSecond < CALM_SHARE * cap
  if ((caughtUp || calm) && !pass.final) return free
  if (pass.addedLatencyMs !== null && pass.addedLatencyMs >= LIMIT_REACHED_SHARE * limitMs) {
    // Not above that: a cap that nobody meets would slow nobody, and the limit allows this much.
    const raised = Math.max(target, cap, ABOVE_WRITTEN * pass.writtenBytesPerSecond)
    return { ...free, capBytesPerSecond: raised, atLatencyLimit: true }
  }
  // Down from the limit in small steps, so as not to meet it again at once; else where it must be, as the link has become slower or faster.
  const lowered = state.atLatencyLimit ? Math.max(target, LOWER * cap) : target
  return { ...free, capBytesPerSecond: lowered, atLatencyLimit: state.atLatencyLimit && lowered > target }
}

/** What the link takes: as measured while it had enough to send all along; a pass with little to send can only show more. */
function linkAfter({ linkBytesPerSecond }: ThrottleState, { afterBytes, drainBytesPerSecond }: Pass): number {
  const busy = afterBytes > WORRYING_REST_SECONDS * drainBytesPerSecond && drainBytesPerSecond > 0
  return busy ? drainBytesPerSecond : Math.max(drainBytesPerSecond, linkBytesPerSecond)
}

/** Bytes that become dirty for each byte written: writes smaller than a block dirty all of it. Never below 1. */
function amplification({ dirtiedBytesPerSecond, writtenBytesPerSecond }: Pass): number {
  return writtenBytesPerSecond > 0 ? Math.max(1, dirtiedBytesPerSecond / writtenBytesPerSecond) : 1
}
