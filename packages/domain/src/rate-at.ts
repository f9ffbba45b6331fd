import { Temporal } from 'temporal-polyfill'
import { MINUTES_A_DAY, rateOnClock } from './rate-schedule.ts'
import type { RateSchedule } from './rate-schedule.ts'

/** A timetable repeats every week; a change of clocks may hide a boundary of the first one. */
const DAYS_AHEAD = 8

/**
 * What a site may send at an instant, in bytes per second (null: no limit): what its clock on the wall says counts, so a
 * rule of 02:00 to 03:00 is passed over in the night in which clocks go forward, and holds twice when they go back.
 */
export function rateAt(schedule: RateSchedule, siteBytesPerSecond: number | null, atMs: number): number | null {
  const local = at(atMs, schedule.zone)
  return rateOnClock(schedule.rules, local.dayOfWeek, local.hour * 60 + local.minute, siteBytesPerSecond)
}

/** The first instant after `atMs` at which `rateAt` answers something else; null when it never does. */
export function nextRateChangeMs(schedule: RateSchedule, siteBytesPerSecond: number | null, atMs: number): number | null {
  const present = rateAt(schedule, siteBytesPerSecond, atMs)
  const change = boundariesAfter(schedule, atMs).find((instantMs) => rateAt(schedule, siteBytesPerSecond, instantMs) !== present)
  return change ?? null
}

/** Every instant of the next week at which a rule may begin or end, in order: its times of day, and jumps of the clock. */
function boundariesAfter({ zone, rules }: RateSchedule, atMs: number): number[] {
  const minutes = [...new Set(rules.flatMap(({ fromMinute, toMinute }) => [fromMinute, toMinute]).concat(0))]
  const here = at(atMs, zone)
  const instants = new Set<number>()
  for (let days = 0; days <= DAYS_AHEAD; days += 1) {
    const date = here.toPlainDate().add({ days })
    for (const minute of minutes) {
      const time = date.toPlainDateTime({ hour: Math.floor(minute / 60) % (MINUTES_A_DAY / 60), minute: minute % 60 })
      // The same time of day comes twice when clocks go back, and never when they go forward.
      for (const disambiguation of ['earlier', 'later'] as const) instants.add(time.toZonedDateTime(zone, { disambiguation }).epochMilliseconds)
    }
  }
  const endMs = here.add({ days: DAYS_AHEAD }).epochMilliseconds
  for (let jump = here.getTimeZoneTransition('next'); jump !== null && jump.epochMilliseconds <= endMs; jump = jump.getTimeZoneTransition('next')) instants.add(jump.epochMilliseconds)
  return [...instants].filter((instantMs) => instantMs > atMs).toSorted((one, other) => one - other)
}

function at(atMs: number, zone: string): Temporal.ZonedDateTime {
  return Temporal.Instant.fromEpochMilliseconds(Math.floor(atMs)).toZonedDateTimeISO(zone)
}
