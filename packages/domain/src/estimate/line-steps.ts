import { Temporal } from 'temporal-polyfill'
import type { EstimateLink } from '../estimate.ts'
import { MINUTES_A_DAY, rateOnClock } from '../rate-schedule.ts'
import type { WaveInput } from './wave-input.ts'

/** Timetables are in minutes; rules shorter than this are met by chance. */
const SAMPLE_SECONDS = 900
const DAYS_A_WEEK = 7

/** What the wave may send in each step, before the luck of a run: the line's two rates, and what limits them. Bytes per second. */
export type LineSteps = { readonly p50: Float64Array; readonly p90: Float64Array; readonly limit: Float64Array }

/** The line over so many steps from the wave's start, by what the clocks on the wall say: also where they are changed on the way. */
export function lineSteps({ link, startAtMs, timeZone }: LineInput, stepSeconds: number, count: number): LineSteps {
  const seconds = stepSeconds * count
  const here = clockFrom(startAtMs, timeZone, seconds)
  const there = link.limit === undefined ? here : clockFrom(startAtMs, link.limit.schedule.zone, seconds)
  const p50 = new Float64Array(count)
  const p90 = new Float64Array(count)
  const limit = new Float64Array(count)
  const samples = Math.max(1, Math.round(stepSeconds / SAMPLE_SECONDS))
  for (let step = 0; step < count; step += 1) {
    let limited = false
    for (let sample = 0; sample < samples; sample += 1) {
      const minutes = ((step + (sample + 0.5) / samples) * stepSeconds) / 60
      const hour = Math.floor(onClock(here, minutes).minute / 60)
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

/** What a site may send of its line in the mean of a week, by its hours and its timetable: bytes per second. */
export function meanLine(line: LineInput): EstimateLink {
  const { p50, p90, limit } = lineSteps(line, HOUR_SECONDS, HOURS_A_WEEK)
  const meanOf = (rates: Float64Array) => rates.reduce((sum, rate, hour) => sum + Math.min(rate, limit[hour] ?? rate), 0) / HOURS_A_WEEK
  return { p50BytesPerSecond: meanOf(p50), p90BytesPerSecond: meanOf(p90) }
}
const HOUR_SECONDS = 3_600
const HOURS_A_WEEK = 168

/** Whether every week of this time is like the first by all clocks that the line goes by. */
export function isWeekly({ link, startAtMs, timeZone }: LineInput, seconds: number): boolean {
  return [timeZone, ...(link.limit === undefined ? [] : [link.limit.schedule.zone])].every((zone) => clockFrom(startAtMs, zone, seconds).jumps.length === 0)
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

type LineInput = Pick<WaveInput, 'link' | 'startAtMs' | 'timeZone'>

/** A zone's clock at an instant (`day` 1: Monday), and by how much it is put forward (or back, negative) so long after. */
type Clock = { readonly day: number; readonly minute: number; readonly jumps: readonly { readonly afterMinutes: number; readonly byMinutes: number }[] }

function clockFrom(fromMs: number, zone: string, seconds: number): Clock {
  const local = Temporal.Instant.fromEpochMilliseconds(Math.floor(fromMs)).toZonedDateTimeISO(zone)
  const untilMs = fromMs + seconds * 1000
  const jumps = []
  for (let [before, jump] = [local, local.getTimeZoneTransition('next')]; jump !== null && jump.epochMilliseconds < untilMs; [before, jump] = [jump, jump.getTimeZoneTransition('next')]) {
    jumps.push({ afterMinutes: (jump.epochMilliseconds - fromMs) / 60_000, byMinutes: (jump.offsetNanoseconds - before.offsetNanoseconds) / NANOSECONDS_A_MINUTE })
  }
  return { day: local.dayOfWeek, minute: local.hour * 60 + local.minute + local.second / 60, jumps }
}
const NANOSECONDS_A_MINUTE = 60_000_000_000

/** What the clock says so many minutes later: the day of the week, and the whole minute of the day. */
function onClock({ day, minute, jumps }: Clock, minutesLater: number): { readonly day: number; readonly minute: number } {
  const minutes = Math.floor(jumps.reduce((sum, { afterMinutes, byMinutes }) => (minutesLater >= afterMinutes ? sum + byMinutes : sum), minute + minutesLater))
  return { day: ((day - 1 + Math.floor(minutes / MINUTES_A_DAY)) % DAYS_A_WEEK) + 1, minute: minutes % MINUTES_A_DAY }
}

function limitAt({ schedule, siteBytesPerSecond }: NonNullable<WaveInput['link']['limit']>, clock: Clock, minutesLater: number): number | null {
  const { day, minute } = onClock(clock, minutesLater)
  return rateOnClock(schedule.rules, day, minute, siteBytesPerSecond)
}
