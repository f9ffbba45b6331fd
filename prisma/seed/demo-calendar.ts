/** The calendar that the demo's target site publishes: evenings and a Saturday, a day with other slots, days on which nothing may be booked. */
import type { Db } from '@driftless/db'
import { addDays, dateAt, dayStartMs } from '@driftless/domain'
import { DEMO_TARGET_SITE } from './demo.ts'

const ZONE = 'Europe/Zurich'
const HOUR = 60
/** 2 Gbit/s, as the demo's line. */
const TEAM = { bandwidthBytesPerSecond: 250_000_000, staff: 2 }
const EVENING = { ...TEAM, startMinute: 20 * HOUR, lengthMinutes: 4 * HOUR, lockoutMinutes: 30, cutovers: 4 }
const SATURDAY = { ...TEAM, startMinute: 8 * HOUR, lengthMinutes: 6 * HOUR, lockoutMinutes: HOUR, cutovers: 8 }
/** Days from the demo's first day on. */
const SHORT_DAY = 9
const BLACKOUT_FROM = 15
const BLACKOUT_DAYS = 2

/**
 * Publishes the demo's calendar, around its first day: on that day no slot starts, so that a wave can be cut over at once at a time of its own,
 * whatever the hour. No notice period, for the same reason.
 */
export async function seedDemoCalendar(db: Db, now: Date): Promise<void> {
  const site = await db.site.findUniqueOrThrow({ where: { id: DEMO_TARGET_SITE } })
  const today = dateAt(now.getTime(), ZONE)
  await db.siteCalendar.create({
    data: {
      siteId: site.id, providerId: site.providerId, zone: ZONE, noticeHours: 0, holdHours: 48, ownTimes: true,
      patterns: [{ ...EVENING, days: [1, 2, 3, 4] }, { ...SATURDAY, days: [6] }],
      exceptions: [
        { date: today, reason: 'First day of the demo', slots: [] },
        { date: addDays(today, SHORT_DAY), reason: 'Half the team is away', slots: [{ ...EVENING, lengthMinutes: 2 * HOUR, cutovers: 2, staff: 1 }] },
      ],
      blackouts: [{ fromMs: dayStartMs(addDays(today, BLACKOUT_FROM), ZONE), toMs: dayStartMs(addDays(today, BLACKOUT_FROM + BLACKOUT_DAYS), ZONE), reason: 'Storage maintenance' }],
    },
  })
}
