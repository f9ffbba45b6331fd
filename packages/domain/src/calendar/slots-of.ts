import { Temporal } from 'temporal-polyfill'
import type { SiteCalendar, Slot, SlotTerms } from './site-calendar.ts'

/** A slot lasts less than a day, and around midnight a clock that goes back shows tomorrow before today is over. */
const DAYS_AROUND = 1
const MINUTE_MS = 60_000
const KEY = /^(\d{4}-\d{2}-\d{2})T\d{2}:\d{2}\[([^\]]+)\]$/

/**
 * The slots of a calendar that share a moment with `fromMs` ≤ t < `toMs`, in the order of their starts; blackouts do not
 * matter here. Each day has each of its slots once, also where the clock jumps:
 * a start that the clock leaves out is the first instant after the jump, one that it shows twice is the earlier one, and a
 * slot's length is elapsed time, so that one in which the clock jumps ends at another time of day than usual.
 */
export function slotsOf(calendar: SiteCalendar, fromMs: number, toMs: number): Slot[] {
  if (!(fromMs < toMs)) return []
  const last = dayAt(toMs, calendar.zone).add({ days: DAYS_AROUND })
  const slots: Slot[] = []
  for (let date = dayAt(fromMs, calendar.zone).subtract({ days: DAYS_AROUND }); Temporal.PlainDate.compare(date, last) <= 0; date = date.add({ days: 1 })) {
    for (const terms of termsOn(calendar, date)) {
      const slot = slotOn(date, terms, calendar.zone)
      if (slot.startsAtMs < toMs && slot.endsAtMs > fromMs) slots.push(slot)
    }
  }
  return slots.toSorted((one, other) => one.startsAtMs - other.startsAtMs || (one.key < other.key ? -1 : 1))
}

/** The slot with that key as the calendar publishes it now; null when it does not. */
export function slotByKey(calendar: SiteCalendar, key: string): Slot | null {
  const [, day, zone] = KEY.exec(key) ?? []
  if (day === undefined || zone !== calendar.zone) return null
  const date = plainDate(day)
  if (date === null) return null
  return termsOn(calendar, date).map((terms) => slotOn(date, terms, calendar.zone)).find((slot) => slot.key === key) ?? null
}

/** The slots that start on a date by the site's clock: its exception's, or those of its weekday. */
export function termsOn(calendar: SiteCalendar, date: Temporal.PlainDate): readonly SlotTerms[] {
  const day = date.toString()
  const exception = calendar.exceptions.find((one) => one.date === day)
  return exception?.slots ?? calendar.patterns.filter(({ days }) => days.includes(date.dayOfWeek))
}

function slotOn(date: Temporal.PlainDate, terms: SlotTerms, zone: string): Slot {
  const start = date.toPlainDateTime({ hour: Math.floor(terms.startMinute / 60), minute: terms.startMinute % 60 })
  const startsAtMs = instantOf(start, zone)
  const endsAtMs = startsAtMs + terms.lengthMinutes * MINUTE_MS
  return {
    key: `${start.toString({ smallestUnit: 'minute' })}[${zone}]`, startsAtMs, endsAtMs, lockoutAtMs: endsAtMs - terms.lockoutMinutes * MINUTE_MS,
    cutovers: terms.cutovers, bandwidthBytesPerSecond: terms.bandwidthBytesPerSecond, staff: terms.staff,
  }
}

/** When the clock of a zone shows `time` for the first time; the first instant after the jump where it never does. */
export function instantOf(time: Temporal.PlainDateTime, zone: string): number {
  const at = time.toZonedDateTime(zone, { disambiguation: 'earlier' })
  if (at.toPlainDateTime().equals(time)) return at.epochMilliseconds
  // In a gap `earlier` lies before the jump, by the offset that holds after it.
  return (at.getTimeZoneTransition('next') ?? at).epochMilliseconds
}

function dayAt(atMs: number, zone: string): Temporal.PlainDate {
  return Temporal.Instant.fromEpochMilliseconds(Math.floor(atMs)).toZonedDateTimeISO(zone).toPlainDate()
}

/** The date that is written so; null where there is none, such as the 30th of February. */
export function plainDate(text: string): Temporal.PlainDate | null {
  try {
    return /^\d{4}-\d{2}-\d{2}$/.test(text) ? Temporal.PlainDate.from(text, { overflow: 'reject' }) : null
  } catch {
    return null
  }
}
