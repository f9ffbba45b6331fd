import { nextRateChangeMs, rateAt, rateRules } from '@driftless/domain'
import type { RateSchedule } from '@driftless/domain'
import type { Prisma } from '../generated/client.ts'

/** The columns of a site that its rate follows from. */
export type SiteRateColumns = { readonly linkRateBytesPerSecond: bigint | null; readonly rateSchedule: Prisma.JsonValue; readonly timeZone: string | null }

/** What a site may send now, bytes per second (null: no limit), and when that changes next (null: never). */
export type SiteRate = { readonly bytesPerSecond: number | null; readonly changesAtMs: number | null }

/** A site's timetable; null where it has none. */
export function rateScheduleOf({ rateSchedule, timeZone }: Pick<SiteRateColumns, 'rateSchedule' | 'timeZone'>): RateSchedule | null {
  return rateSchedule === null || timeZone === null ? null : { zone: timeZone, rules: rateRules.parse(rateSchedule) }
}

/** The rate of a site at an instant, by its limit and its timetable. */
export function siteRateAt(site: SiteRateColumns, now: Date): SiteRate {
  const limit = site.linkRateBytesPerSecond === null ? null : Number(site.linkRateBytesPerSecond)
  const schedule = rateScheduleOf(site)
  if (schedule === null) return { bytesPerSecond: limit, changesAtMs: null }
  return { bytesPerSecond: rateAt(schedule, limit, now.getTime()), changesAtMs: nextRateChangeMs(schedule, limit, now.getTime()) }
}
