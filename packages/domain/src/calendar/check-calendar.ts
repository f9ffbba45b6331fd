import { DomainError } from '../errors.ts'
import { MINUTES_A_DAY, isLinkRate, isZone } from '../rate-schedule.ts'
import type { SiteCalendar, SlotPattern, SlotTerms } from './site-calendar.ts'
import { plainDate, termsOn } from './slots-of.ts'

/** One team's week has a dozen; more is a mistake of a script. */
export const MOST_PATTERNS = 40
/** Holidays of several years. */
export const MOST_EXCEPTIONS = 200
export const MOST_BLACKOUTS = 100
/** Shorter, and no VM's shutdown, proof and start fits with its reserve. */
export const SHORTEST_SLOT_MINUTES = 15
/** A clock jumps by an hour or two: at this length a daily slot never runs into its next one. */
export const LONGEST_SLOT_MINUTES = 20 * 60
export const MOST_CUTOVERS = 500
export const MOST_STAFF = 500
/** A quarter of a year: who needs more notice than that plans by mail. */
export const LONGEST_NOTICE_HOURS = 90 * 24
/** Where nothing else is said, the scheduler has two days to answer. */
export const DEFAULT_HOLD_HOURS = 48
const MINUTES_A_WEEK = 7 * MINUTES_A_DAY
/** Reasons are read in a calendar's cell. */
export const LONGEST_REASON = 120

/** Throws a `DomainError` when nobody could keep this calendar: TIME_ZONE, CALENDAR_TOO_LONG, CALENDAR_SLOT, CALENDAR_OVERLAP, CALENDAR_DATE, CALENDAR_BLACKOUT, CALENDAR_HOURS. */
export function checkCalendar(calendar: SiteCalendar): void {
  const { zone, patterns, exceptions, blackouts } = calendar
  if (!isZone(zone)) throw new DomainError('TIME_ZONE', `There is no time zone ${zone}.`, { zone })
  if (patterns.length > MOST_PATTERNS || exceptions.length > MOST_EXCEPTIONS || blackouts.length > MOST_BLACKOUTS)
    throw new DomainError('CALENDAR_TOO_LONG', `A calendar has at most ${MOST_PATTERNS} weekly patterns, ${MOST_EXCEPTIONS} exceptions and ${MOST_BLACKOUTS} blackouts.`, { patterns: MOST_PATTERNS, exceptions: MOST_EXCEPTIONS, blackouts: MOST_BLACKOUTS })
  for (const pattern of patterns) checkPattern(pattern)
  refuseOverlaps(patterns.flatMap((pattern) => pattern.days.map((day) => ({ from: (day - 1) * MINUTES_A_DAY + pattern.startMinute, length: pattern.lengthMinutes }))), MINUTES_A_WEEK)
  checkExceptions(calendar)
  for (const blackout of blackouts) {
    if (!(blackout.fromMs < blackout.toMs) || blackout.reason.trim() === '' || blackout.reason.length > LONGEST_REASON) throw new DomainError('CALENDAR_BLACKOUT', 'A blackout ends after it begins, and has a reason that customers can read.')
  }
  if (!isWhole(calendar.noticeHours, 0, LONGEST_NOTICE_HOURS) || !isWhole(calendar.holdHours, 1, LONGEST_NOTICE_HOURS))
    throw new DomainError('CALENDAR_HOURS', `The notice period lasts 0 to ${LONGEST_NOTICE_HOURS} hours, and a request is held for 1 to ${LONGEST_NOTICE_HOURS} hours.`, { most: LONGEST_NOTICE_HOURS })
}

function checkPattern(pattern: SlotPattern): void {
  const days = new Set(pattern.days)
  if (days.size === 0 || days.size !== pattern.days.length || pattern.days.some((day) => !isWhole(day, 1, 7))) throw slotProblem()
  checkTerms(pattern)
}

function checkTerms(terms: SlotTerms): void {
  const sound = isWhole(terms.startMinute, 0, MINUTES_A_DAY - 1) && isWhole(terms.lengthMinutes, SHORTEST_SLOT_MINUTES, LONGEST_SLOT_MINUTES)
    && isWhole(terms.lockoutMinutes, 0, terms.lengthMinutes - 1) && isWhole(terms.cutovers, 1, MOST_CUTOVERS)
    && isLinkRate(terms.bandwidthBytesPerSecond) && (terms.staff === null || isWhole(terms.staff, 0, MOST_STAFF))
  if (!sound) throw slotProblem()
}

function slotProblem(): DomainError {
  return new DomainError(
    'CALENDAR_SLOT',
    `A slot has at least one day, a start, a length of ${SHORTEST_SLOT_MINUTES} minutes to ${LONGEST_SLOT_MINUTES / 60} hours, a lockout inside it, and room for 1 to ${MOST_CUTOVERS} VMs.`,
    { minutes: SHORTEST_SLOT_MINUTES, hours: LONGEST_SLOT_MINUTES / 60, most: MOST_CUTOVERS },
  )
}

/** An exception's slots overlap neither one another nor what reaches over midnight from the day before, or is reached from theirs. */
function checkExceptions(calendar: SiteCalendar): void {
  const dates = new Set<string>()
  for (const { date, reason, slots } of calendar.exceptions) {
    const day = plainDate(date)
    if (day === null || dates.has(date) || reason.length > LONGEST_REASON) throw new DomainError('CALENDAR_DATE', `${date} is no date, or stands there twice.`, { date: date.slice(0, 20) })
    dates.add(date)
    for (const terms of slots) checkTerms(terms)
    refuseOverlaps([-1, 0, 1].flatMap((days) => termsOn(calendar, day.add({ days })).map(({ startMinute, lengthMinutes }) => ({ from: days * MINUTES_A_DAY + startMinute, length: lengthMinutes }))), null)
  }
}

/** Spans in minutes; with `period`, the last one may reach into the first of the next. */
function refuseOverlaps(spans: readonly { readonly from: number; readonly length: number }[], period: number | null): void {
  const sorted = spans.toSorted((one, other) => one.from - other.from)
  const first = sorted[0]
  const following = (at: number) => sorted[at + 1]?.from ?? (period === null || first === undefined ? Infinity : first.from + period)
  if (sorted.some((span, at) => span.from + span.length > following(at))) throw new DomainError('CALENDAR_OVERLAP', 'Two slots of the calendar overlap. A site has one slot at a time: give that one more room instead.')
}

function isWhole(value: number, least: number, most: number): boolean {
  return Number.isInteger(value) && value >= least && value <= most
}
