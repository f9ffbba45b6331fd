import { fromLocalInput, isTypable, nextHour, toLocalInput } from './local-time.ts'

const HOUR_MS = 3_600_000

/** What somebody has chosen so far of a window's time: a published slot, or a time of their own as typed, by the clocks of their zone. `mode` null: whatever the site offers. */
export type TimeDraft = {
  readonly mode: 'slot' | 'own' | null
  readonly slotKey: string | null
  readonly starts: string
  readonly ends: string
  /** When they said "now": it starts when it is sent, however long the form was open. Null: at the time that was typed. */
  readonly nowMs: number | null
}

export type ChosenTime = { readonly slotKey: string } | { readonly startsAt: Date; readonly endsAt: Date }

/** An hour from the next full one on, or from `startsAt` where the calendar was asked. */
export function newTimeDraft(now: Date, zone: string, { slotKey = null, startsAt = null }: { readonly slotKey?: string | null; readonly startsAt?: Date | null } = {}): TimeDraft {
  return { mode: slotKey !== null ? 'slot' : startsAt !== null ? 'own' : null, slotKey, ...anHourFrom(startsAt ?? nextHour(now, zone), zone), nowMs: null }
}

/** A time of one's own that starts now. */
export function startNow(draft: TimeDraft, now: Date, zone: string): TimeDraft {
  return { ...draft, mode: 'own', ...anHourFrom(now, zone), nowMs: now.getTime() }
}

/** Longer where the field cannot mean the hour's end, in a night in which the clock goes back. */
function anHourFrom(at: Date, zone: string) {
  let end = new Date(at.getTime() + HOUR_MS)
  while (!isTypable(end, zone)) end = new Date(end.getTime() + HOUR_MS)
  return { starts: toLocalInput(at, zone), ends: toLocalInput(end, zone) }
}

/** The typed time of one's own; null where it is none, or ends before it starts. */
export function ownTimeOf({ starts, ends, nowMs }: TimeDraft, zone: string): { readonly startsAt: Date; readonly endsAt: Date } | null {
  const startsAt = nowMs === null ? fromLocalInput(starts, zone) : new Date(nowMs)
  const endsAt = fromLocalInput(ends, zone)
  return startsAt !== null && endsAt !== null && startsAt < endsAt ? { startsAt, endsAt } : null
}

/** The same time, moved to `now` where it is meant to start at once. */
export function atSending(own: { readonly startsAt: Date; readonly endsAt: Date }, draft: TimeDraft, now: Date) {
  const shiftMs = draft.nowMs === null ? 0 : now.getTime() - own.startsAt.getTime()
  return { startsAt: new Date(own.startsAt.getTime() + shiftMs), endsAt: new Date(own.endsAt.getTime() + shiftMs) }
}

/** Whether the clock jumps over a typed time, so that another one is meant. */
export function isLeftOut(typed: string, zone: string): boolean {
  const at = fromLocalInput(typed, zone)
  return at !== null && toLocalInput(at, zone) !== typed.slice(0, 16)
}
