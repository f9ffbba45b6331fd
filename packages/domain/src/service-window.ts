import { DomainError } from './errors.ts'

/** When a wave's sources may be powered off. Instants in milliseconds since the epoch; `startsAt` ≤ t < `endsAt`. */
export type ServiceWindow = { readonly startsAtMs: number; readonly endsAtMs: number; readonly lockoutAtMs: number }

/** The same from a row's instants. */
export function serviceWindowOf({ startsAt, endsAt, lockoutAt }: { readonly startsAt: Date; readonly endsAt: Date; readonly lockoutAt: Date }): ServiceWindow {
  return { startsAtMs: startsAt.getTime(), endsAtMs: endsAt.getTime(), lockoutAtMs: lockoutAt.getTime() }
}

const MINUTE_MS = 60_000
/** Shorter than this, one VM's shutdown, verification and boot do not fit with their reserve. */
export const SHORTEST_WINDOW_MS = 5 * MINUTE_MS
/** Longer than this is not a window but a permission; a wave of that size is several waves. */
export const LONGEST_WINDOW_MS = 24 * 60 * MINUTE_MS
/** Forms are filled in by people: a start this far back still means "now". */
export const START_TOLERANCE_MS = 2 * MINUTE_MS
/** Nobody plans further ahead than a year; more is a typing error. */
export const FURTHEST_AHEAD_MS = 366 * 24 * 60 * MINUTE_MS
/** An approved booking is locked this long before it starts: agents, people and capacity are set by then. */
export const LOCK_LEAD_MS = 15 * MINUTE_MS

/** The last moment at which something new may start: a quarter of the window before its end, at most half an hour. */
export function defaultLockoutMs(startsAtMs: number, endsAtMs: number): number {
  return endsAtMs - Math.min(30 * MINUTE_MS, (endsAtMs - startsAtMs) / 4)
}

/** Throws a `DomainError` when nobody could book this window at `nowMs`. */
export function checkBookable(window: ServiceWindow, nowMs: number): void {
  const length = window.endsAtMs - window.startsAtMs
  if (!(length >= SHORTEST_WINDOW_MS)) throw new DomainError('WINDOW_TOO_SHORT', 'A service window lasts at least 5 minutes.', { minutes: 5 })
  if (length > LONGEST_WINDOW_MS) throw new DomainError('WINDOW_TOO_LONG', 'A service window lasts at most 24 hours.', { hours: 24 })
  if (window.startsAtMs < nowMs - START_TOLERANCE_MS) throw new DomainError('WINDOW_IN_THE_PAST', 'The service window would start in the past.')
  if (window.startsAtMs > nowMs + FURTHEST_AHEAD_MS) throw new DomainError('WINDOW_TOO_FAR', 'A service window starts within a year from now.')
  if (window.lockoutAtMs < window.startsAtMs || window.lockoutAtMs > window.endsAtMs)
    throw new DomainError('LOCKOUT_OUTSIDE_WINDOW', 'The lockout lies inside the service window.')
}

export type WindowAnswer = 'OPEN' | 'NOT_YET' | 'LOCKED_OUT' | 'DOES_NOT_FIT' | 'OVER'

/** Whether a cutover expected to take `neededSeconds` (P90 and reserve) may start now. Only OPEN means yes. */
export function windowAt(window: ServiceWindow, nowMs: number, neededSeconds: number): WindowAnswer {
  if (nowMs < window.startsAtMs) return 'NOT_YET'
  if (nowMs >= window.endsAtMs) return 'OVER'
  if (nowMs >= window.lockoutAtMs) return 'LOCKED_OUT'
  if (nowMs + neededSeconds * 1000 > window.endsAtMs) return 'DOES_NOT_FIT'
  return 'OPEN'
}
