import { fromLocalInput, nextHour, toLocalInput } from './local-time.ts'

const HOUR_MS = 3_600_000

/** What somebody has chosen so far of a window's time: a published slot, or a time of their own as typed. `mode` null: whatever the site offers. */
export type TimeDraft = {
  readonly mode: 'slot' | 'own' | null
  readonly slotKey: string | null
  readonly starts: string
  readonly ends: string
  /** It starts when it is sent, however long the form was open. */
  readonly now: boolean
}

export type ChosenTime = { readonly slotKey: string } | { readonly startsAt: Date; readonly endsAt: Date }

/** An hour from the next full one on, or from `startsAt` where the calendar was asked. */
export function newTimeDraft(now: Date, { slotKey = null, startsAt = null }: { readonly slotKey?: string | null; readonly startsAt?: Date | null } = {}): TimeDraft {
  return { mode: slotKey !== null ? 'slot' : startsAt !== null ? 'own' : null, slotKey, ...anHourFrom(startsAt ?? nextHour(now)), now: false }
}

/** A time of one's own that starts now. */
export function startNow(draft: TimeDraft, now: Date): TimeDraft {
  return { ...draft, mode: 'own', ...anHourFrom(now), now: true }
}

function anHourFrom(at: Date) {
  return { starts: toLocalInput(at), ends: toLocalInput(new Date(at.getTime() + HOUR_MS)) }
}

/** The typed time of one's own; null where it is none, or ends before it starts. */
export function ownTimeOf({ starts, ends }: TimeDraft): { readonly startsAt: Date; readonly endsAt: Date } | null {
  const startsAt = fromLocalInput(starts)
  const endsAt = fromLocalInput(ends)
  return startsAt !== null && endsAt !== null && startsAt < endsAt ? { startsAt, endsAt } : null
}

/** The same time, moved to `now` where it is meant to start at once. */
export function atSending(own: { readonly startsAt: Date; readonly endsAt: Date }, draft: TimeDraft, now: Date) {
  const shiftMs = draft.now ? now.getTime() - own.startsAt.getTime() : 0
  return { startsAt: new Date(own.startsAt.getTime() + shiftMs), endsAt: new Date(own.endsAt.getTime() + shiftMs) }
}

/** Whether the clock jumps over a typed time, so that another one is meant. */
export function isLeftOut(typed: string): boolean {
  const at = fromLocalInput(typed)
  return at !== null && toLocalInput(at) !== typed.slice(0, 16)
}
