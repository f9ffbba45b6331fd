import { z } from 'zod'

/** The lines of a timetable as they are sent and stored; `checkSchedule` says whether it makes sense. A file of its own, so that no browser gets zod for the rest. */
export const rateRules = z.array(z.object({ days: z.array(z.number()).max(7).readonly(), fromMinute: z.number(), toMinute: z.number(), bytesPerSecond: z.number().nullable() })).max(1_000).readonly()
