import { Temporal } from 'temporal-polyfill'
import { instantOf, plainDate } from './slots-of.ts'

const WEEK_DAYS = 7
/** A month touches six weeks at most; always as many, so that a page does not jump. */
const MONTH_WEEKS = 6

/** What the clocks of a zone show at an instant, as `2026-03-29T02:30`. */
export function wallTimeAt(atMs: number, zone: string): string {
  return zoned(atMs, zone).toPlainDateTime().toString({ smallestUnit: 'minute' })
}

/** The instant at which the clocks of a zone first show `text` (`2026-03-29T02:30`), or the first one after it where they never do; null where it is no time. */
export function instantOfWallTime(text: string, zone: string): number | null {
  const [, day, hour, minute] = /^(\d{4}-\d{2}-\d{2})T([01]\d|2[0-3]):([0-5]\d)/.exec(text) ?? []
  const date = day === undefined ? null : plainDate(day)
  return date === null ? null : instantOf(date.toPlainDateTime({ hour: Number(hour), minute: Number(minute) }), zone)
}

/** The date in a zone, as `2026-03-29`. */
export function dateAt(atMs: number, zone: string): string {
  return zoned(atMs, zone).toPlainDate().toString()
}

/** The first instant of a date in a zone. */
export function dayStartMs(date: string, zone: string): number {
  return Temporal.PlainDate.from(date).toZonedDateTime(zone).epochMilliseconds
}

/** `date`, so many days later. */
export function addDays(date: string, days: number): string {
  return Temporal.PlainDate.from(date).add({ days }).toString()
}

/** `date`, so many months later; its month's last day where that one is shorter. */
export function addMonths(date: string, months: number): string {
  return Temporal.PlainDate.from(date).add({ months }).toString()
}

/** Monday of the week of `date`. */
export function mondayOf(date: string): string {
  const day = Temporal.PlainDate.from(date)
  return day.subtract({ days: day.dayOfWeek - 1 }).toString()
}

/** The dates of the week, or of the weeks that the month of `date` lies in, Monday first. */
export function datesAround(view: 'week' | 'month', date: string): string[] {
  const first = view === 'week' ? mondayOf(date) : mondayOf(`${date.slice(0, 7)}-01`)
  return Array.from({ length: view === 'week' ? WEEK_DAYS : MONTH_WEEKS * WEEK_DAYS }, (_, day) => addDays(first, day))
}

function zoned(atMs: number, zone: string): Temporal.ZonedDateTime {
  return Temporal.Instant.fromEpochMilliseconds(Math.floor(atMs)).toZonedDateTimeISO(zone)
}
