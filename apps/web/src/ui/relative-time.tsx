'use client'
import { useFormatter, useNow } from 'next-intl'

const EVERY_MS = 10_000

/** "5 minutes ago", kept true; the exact time is in the title. */
export function RelativeTime({ at }: { at: Date }) {
  const format = useFormatter()
  const now = useNow({ updateInterval: EVERY_MS })
  return (
    <time dateTime={at.toISOString()} title={format.dateTime(at, { dateStyle: 'full', timeStyle: 'medium' })} suppressHydrationWarning>
      {format.relativeTime(at, now)}
    </time>
  )
}
