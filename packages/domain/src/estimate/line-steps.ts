import { Temporal } from 'temporal-polyfill'
import { MINUTES_A_DAY, rateOnClock } from '../rate-schedule.ts'
import type { WaveInput } from './wave-input.ts'

/** Timetables are in minutes; rules shorter than this are met by chance. */
const SAMPLE_SECONDS = 900
const DAYS_A_WEEK = 7

/** What the wave may send in each step, before the luck of a run: the line's two rates, and what limits them. Bytes per second. */
export type LineSteps = { readonly p50: Float64Array; readonly p90: Float64Array; readonly limit: Float64Array }

/**
 * The line over `count` steps from the wave's start. Clocks are those of the start: a change to or from summer time on the way shifts
 * what follows by its hour.
 */
export function lineSteps({ link, startAtMs, timeZone }: Pick<WaveInput, 'link' | 'startAtMs' | 'timeZone'>, stepSeconds: number, count: number): LineSteps {
  const here = clockAt(startAtMs, timeZone)
  const there = link.limit === undefined ? here : clockAt(startAtMs, link.limit.schedule.zone)
  const p50 = new Float64Array(count)
  const p90 = new Float64Array(count)
  const limit = new Float64Array(count)
  const samples = Math.max(1, Math.round(stepSeconds / SAMPLE_SECONDS))
  for (let step = 0; step < count; step += 1) {
    let limited = false
    for (let sample = 0; sample < samples; sample += 1) {
      const minutes = ((step + (sample + 0.5) / samples) * stepSeconds) / 60
      const hour = Math.floor(((here.minute + minutes) % MINUTES_A_DAY) / 60)
      const rate = link.byHour?.find((one) => one.hour === hour) ?? link
      const allowed = link.limit === undefined ? null : limitAt(link.limit, there, minutes)
      p50[step] = (p50[step] ?? 0) + rate.p50BytesPerSecond / samples
      p90[step] = (p90[step] ?? 0) + rate.p90BytesPerSecond / samples
      if (allowed !== null) limited = true
      // Beside limited minutes of the same step, unlimited ones count as the line gives.
      limit[step] = (limit[step] ?? 0) + Math.min(allowed ?? rate.p50BytesPerSecond, rate.p50BytesPerSecond) / samples
    }
    if (!limited) limit[step] = Number.POSITIVE_INFINITY
  }
  return { p50, p90, limit }
}

/**
 * What one of several gets of a line: an equal part, and what others leave of theirs (max-min fairness; Bertsekas and Gallager, "Data
 * Networks", 6.5.2). `othersWant`: null asks for everything.
 */
export function fairPart(bytesPerSecond: number, othersWant: readonly (number | null)[]): number {
  let left = bytesPerSecond
  let sharers = othersWant.length + 1
  for (const wants of othersWant.map((one) => one ?? Number.POSITIVE_INFINITY).toSorted((one, other) => one - other)) {
    if (wants >= left / sharers) break
    left -= wants
    sharers -= 1
  }
  return left / sharers
}

/** What the wave gets of a line with this rate: its fair part beside the site's other waves, and no more than its cap and the target's end let through. */
export function partOfLine(bytesPerSecond: number, { othersWantBytesPerSecond, capBytesPerSecond, targetBytesPerSecond }: Pick<WaveInput, 'othersWantBytesPerSecond' | 'capBytesPerSecond' | 'targetBytesPerSecond'>): number {
  return Math.min(fairPart(bytesPerSecond, othersWantBytesPerSecond), capBytesPerSecond ?? Number.POSITIVE_INFINITY, targetBytesPerSecond ?? Number.POSITIVE_INFINITY)
}

type Clock = { readonly day: number; readonly minute: number }

function clockAt(atMs: number, zone: string): Clock {
  const local = Temporal.Instant.fromEpochMilliseconds(Math.floor(atMs)).toZonedDateTimeISO(zone)
  return { day: local.dayOfWeek, minute: local.hour * 60 + local.minute + local.second / 60 }
}

function limitAt({ schedule, siteBytesPerSecond }: NonNullable<WaveInput['link']['limit']>, clock: Clock, minutesLater: number): number | null {
  const minute = Math.floor(clock.minute + minutesLater)
  return rateOnClock(schedule.rules, ((clock.day - 1 + Math.floor(minute / MINUTES_A_DAY)) % DAYS_A_WEEK) + 1, minute % MINUTES_A_DAY, siteBytesPerSecond)
}
