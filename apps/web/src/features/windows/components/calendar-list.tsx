'use client'
import { dateAt } from '@driftless/domain'
import { useFormatter, useTranslations } from 'next-intl'
import { EntryItem } from './entry-item.tsx'
import type { Entry } from './use-entry-text.ts'
import type { Board } from './use-slot-text.ts'
import type { TimeWish } from './use-time-choice.ts'

/** The same as the grid, day after day, where there is no room for one. What began before stands under the first date. */
export function CalendarList({ dates, zone, board, entries, onBook }: { dates: readonly string[]; zone: string; board: Board; entries: readonly Entry[]; onBook: ((wish: TimeWish) => void) | null }) {
  const t = useTranslations('windows.calendar')
  const format = useFormatter()
  const first = dates[0] ?? ''
  const days = [...Map.groupBy(entries, ({ startsAt }) => {
    const date = dateAt(startsAt.getTime(), zone)
    return date < first ? first : date
  })]
  if (days.length === 0) return <p className="text-sm text-muted">{t('empty')}</p>
  return (
    <ol className="flex flex-col gap-4">
      {days.map(([date, here]) => (
        <li key={date}>
          <h3 className="mb-1.5 text-xs font-medium text-muted">{format.dateTime(new Date(`${date}T12:00:00Z`), { weekday: 'long', day: 'numeric', month: 'long', timeZone: 'UTC' })}</h3>
          <ul className="flex flex-col gap-1.5">{here.map((entry) => <EntryItem key={entry.id} entry={entry} board={board} onBook={onBook} />)}</ul>
        </li>
      ))}
    </ol>
  )
}
