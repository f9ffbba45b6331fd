import { QUIESCE_GRACE_SECONDS, STEP_LIMIT_SECONDS } from './next-step.ts'

/** An agent may be away for weeks when a migration is given up; after this a person looks at what it still holds. */
const DISCARD_DAYS = 90
const DAY_MS = 24 * 60 * 60 * 1000

/**
 * Until when an approved cutover may still start its VM at the target: the window's end, and room for the slowest one that was
 * begun in time, each of its steps at its own limit. Milliseconds since the epoch.
 */
export function cutoverOrderEndsMs(windowEndsAtMs: number, shutdownSeconds: number): number {
  const steps = Object.values(STEP_LIMIT_SECONDS).reduce((sum, seconds) => sum + seconds, 0)
  return windowEndsAtMs + (shutdownSeconds + QUIESCE_GRACE_SECONDS + steps) * 1000
}

/** Until when a replica may be removed on a decision made at `decidedAtMs`. */
export const discardOrderEndsMs = (decidedAtMs: number): number => decidedAtMs + DISCARD_DAYS * DAY_MS

/** An agent that was away when the VM was to go home must still be able to finish it; as long as for one that is given up. */
export const returnOrderEndsMs = (decidedAtMs: number): number => decidedAtMs + DISCARD_DAYS * DAY_MS

/** Long enough for an agent to be mended in the middle of a return that nobody has to confirm; short, as it was said beforehand. */
const AGREED_RETURN_DAYS = 7

/** The same for a return that the go agreed on: from the latest end of its validation period on. */
export function agreedReturnEndsMs(windowEndsAtMs: number, shutdownSeconds: number, validationMinutes: number): number {
  return cutoverOrderEndsMs(windowEndsAtMs, shutdownSeconds) + validationMinutes * 60_000 + AGREED_RETURN_DAYS * DAY_MS
}
