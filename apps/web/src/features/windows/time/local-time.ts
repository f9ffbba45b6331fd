import { addDays, dateAt, dayStartMs, instantOfWallTime, wallTimeAt } from '@driftless/domain'

const MINUTE_MS = 60_000
const MINUTES_AN_HOUR = 60

/** A time as a `datetime-local` field holds it: what the clocks of `zone` show, to the minute. */
export function toLocalInput(at: Date, zone: string): string {
  return wallTimeAt(at.getTime(), zone)
}

/** The instant that a `datetime-local` field means in `zone`, by the rules of the site's calendars; null where it holds none. */
export function fromLocalInput(value: string, zone: string): Date | null {
  const atMs = instantOfWallTime(value, zone)
  return atMs === null ? null : new Date(atMs)
}

/** Whether a field can mean this minute: a clock that goes back shows some twice, and means the earlier one. */
export function isTypable(at: Date, zone: string): boolean {
  return fromLocalInput(toLocalInput(at, zone), zone)?.getTime() === Math.floor(at.getTime() / MINUTE_MS) * MINUTE_MS
}

/** Midnight before `at` by the clocks of `zone`, `days` later. */
export function startOfDay(at: Date, zone: string, days = 0): Date {
  return new Date(dayStartMs(addDays(dateAt(at.getTime(), zone), days), zone))
}

/** The next full hour that a field can mean. */
export function nextHour(at: Date, zone: string): Date {
  let next = at
  do next = new Date((Math.floor(next.getTime() / MINUTE_MS) + MINUTES_AN_HOUR - minuteAt(next, zone)) * MINUTE_MS)
  while (minuteAt(next, zone) !== 0 || !isTypable(next, zone))
  return next
}

const minuteAt = (at: Date, zone: string) => Number(toLocalInput(at, zone).slice(14, 16))

export type Span = { readonly startsAt: Date; readonly endsAt: Date }

/** Whether two spans share a moment; ends touch without sharing one. */
export function overlap(a: Span, b: Span): boolean {
  return a.startsAt < b.endsAt && b.startsAt < a.endsAt
}
