'use client'
import { useFormats } from '@/ui/format/use-formats.ts'

/** Within this a time of day can only mean one day. */
const SAME_DAY_MS = 12 * 3_600_000

/** Since when something holds: the time of day, with its date where that is not plain. */
export function useSince(): (since: Date, now: Date) => string {
  const { time, dateTime } = useFormats()
  return (since, now) => (now.getTime() - since.getTime() < SAME_DAY_MS ? time(since) : dateTime(since))
}
