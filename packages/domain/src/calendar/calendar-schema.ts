import { z } from 'zod'

const terms = { startMinute: z.number(), lengthMinutes: z.number(), lockoutMinutes: z.number(), cutovers: z.number(), bandwidthBytesPerSecond: z.number().nullable(), staff: z.number().nullable() }

/** A calendar's parts as they are sent and stored; `checkCalendar` says whether they make sense. A file of its own, so that no browser gets zod for the rest. */
export const slotPatterns = z.array(z.object({ ...terms, days: z.array(z.number()).max(7).readonly() })).max(1_000).readonly()
export const calendarExceptions = z.array(z.object({ date: z.string().max(20), reason: z.string().max(1_000), slots: z.array(z.object(terms)).max(50).readonly() })).max(1_000).readonly()
export const calendarBlackouts = z.array(z.object({ fromMs: z.number(), toMs: z.number(), reason: z.string().max(1_000) })).max(1_000).readonly()
export const siteCalendar = z.object({
  zone: z.string().min(1).max(60), patterns: slotPatterns, exceptions: calendarExceptions, blackouts: calendarBlackouts,
  noticeHours: z.number(), holdHours: z.number(), ownTimes: z.boolean(),
})
