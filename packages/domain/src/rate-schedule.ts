import { DomainError } from './errors.ts'

/**
 * One line of a site's timetable: on these days (1 Monday to 7 Sunday) from one minute of the day to another, by the
 * site's own clock. `toMinute` at or before `fromMinute` lies on the next day, which need not be named in `days`.
 */
export type RateRule = {
  readonly days: readonly number[]
  readonly fromMinute: number
  readonly toMinute: number
  /** Null: no limit. */
  readonly bytesPerSecond: number | null
}

/** A site's timetable. Outside its rules the site's own limit holds; where rules overlap, the lowest. */
export type RateSchedule = {
  /** An IANA zone, such as `Europe/Zurich`. */
  readonly zone: string
  readonly rules: readonly RateRule[]
}

export const MINUTES_A_DAY = 1_440
/** A working week needs two or three; more than this is a mistake of a script. */
export const MOST_RATE_RULES = 20
/** Slower than a modem, a limit is a typing error (8 kbit/s); pausing is another control. */
export const LOWEST_LINK_BYTES_PER_SECOND = 1_000
/** 400 Gbit/s: beyond today's widest port. */
export const HIGHEST_LINK_BYTES_PER_SECOND = 50_000_000_000

/** Whether a link's or a VM's rate makes sense; null (no limit) does. */
export function isLinkRate(bytesPerSecond: number | bigint | null): boolean {
  return bytesPerSecond === null || (bytesPerSecond >= LOWEST_LINK_BYTES_PER_SECOND && bytesPerSecond <= HIGHEST_LINK_BYTES_PER_SECOND)
}

/** Whether this runtime knows the time zone. */
export function isZone(zone: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: zone }).resolvedOptions().timeZone.length > 0
  } catch {
    return false
  }
}

/** Throws a `DomainError` when nobody could keep this timetable: RATE_SCHEDULE, TIME_ZONE, LINK_RATE. */
export function checkSchedule(schedule: RateSchedule): void {
  const { zone, rules } = schedule
  if (!isZone(zone)) throw new DomainError('TIME_ZONE', `There is no time zone ${zone}.`, { zone })
  if (rules.length > MOST_RATE_RULES) throw new DomainError('RATE_SCHEDULE', `A timetable has at most ${MOST_RATE_RULES} lines.`, { most: MOST_RATE_RULES })
  for (const rule of rules) {
    const days = new Set(rule.days)
    const sound = days.size > 0 && days.size === rule.days.length && rule.days.every((day) => Number.isInteger(day) && day >= 1 && day <= 7)
    if (!sound || !isMinute(rule.fromMinute) || !isMinute(rule.toMinute)) throw new DomainError('RATE_SCHEDULE', 'Each line of a timetable names a day and two times of day.', { most: MOST_RATE_RULES })
    if (!isLinkRate(rule.bytesPerSecond)) throw new DomainError('LINK_RATE', 'A link rate lies between 8 kbit/s and 400 Gbit/s.')
  }
}

function isMinute(value: number): boolean {
  return Number.isInteger(value) && value >= 0 && value < MINUTES_A_DAY
}

/** The limit at one minute of one weekday by the site's clock; `siteBytesPerSecond` is what holds outside every rule. */
export function rateOnClock(rules: readonly RateRule[], day: number, minute: number, siteBytesPerSecond: number | null): number | null {
  const holding = rules.filter((rule) => holds(rule, day, minute))
  if (holding.length === 0) return siteBytesPerSecond
  const limits = holding.flatMap(({ bytesPerSecond }) => bytesPerSecond ?? [])
  return limits.length === 0 ? null : Math.min(...limits)
}

function holds({ days, fromMinute, toMinute }: RateRule, day: number, minute: number): boolean {
  if (fromMinute < toMinute) return days.includes(day) && minute >= fromMinute && minute < toMinute
  const dayBefore = day === 1 ? 7 : day - 1
  return (days.includes(day) && minute >= fromMinute) || (days.includes(dayBefore) && minute < toMinute)
}
