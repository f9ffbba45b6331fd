'use client'
import { addDays, dateAt, dayStartMs } from '@driftless/domain'
import { useFormatter, useTranslations } from 'next-intl'
import { cn } from '@/ui/cn.ts'
import { within } from '../calendar/entries.ts'
import { ENTRY_LOOK } from './calendar-look.tsx'
import { CalendarTable } from './calendar-table.tsx'
import { toneOf, useEntryText } from './use-entry-text.ts'
import type { GridProps } from './week-grid.tsx'

const WEEK_DAYS = 7
/** As many as fit a day; the rest is a number. */
const MOST_SHOWN = 3

/** A month by weeks: each day is a cell with what lies on it. */
export function MonthGrid({ dates, zone, board, entries, place, label, onPlace, onOpen }: GridProps) {
  const t = useTranslations('windows.calendar')
  const format = useFormatter()
  const text = useEntryText(board)
  const today = dateAt(Date.now(), zone)
  const noon = (date: string) => new Date(`${date}T12:00:00Z`)
  const weeks = Array.from({ length: dates.length / WEEK_DAYS }, (_, week) => dates.slice(week * WEEK_DAYS, (week + 1) * WEEK_DAYS))
  return (
    <CalendarTable view="month" place={place} label={label} onPlace={onPlace} onOpen={onOpen}>
      <thead><tr>{dates.slice(0, WEEK_DAYS).map((date) => <th key={date} scope="col" className="pb-2 font-medium">{format.dateTime(noon(date), { weekday: 'short', timeZone: 'UTC' })}</th>)}</tr></thead>
      <tbody>
        {weeks.map((week) => (
          <tr key={week[0]}>
            {week.map((date) => {
              const here = within(entries, { startsAt: new Date(dayStartMs(date, zone)), endsAt: new Date(dayStartMs(addDays(date, 1), zone)) })
              const chosen = { date, hour: place.hour }
              return (
                <td
                  key={date} role="gridcell" tabIndex={date === place.date ? 0 : -1} onClick={() => { onPlace(chosen); onOpen(chosen) }}
                  aria-label={`${format.dateTime(noon(date), { dateStyle: 'full', timeZone: 'UTC' })}: ${here.length === 0 ? t('nothing') : here.map(text.whole).join('; ')}`}
                  className={cn('h-24 cursor-pointer border-t border-l p-1 align-top hover:bg-sunken focus-visible:-outline-offset-2', date === today && 'bg-accent-soft/40')}
                >
                  <span className={cn('block text-right tabular-nums', date.slice(0, 7) === place.date.slice(0, 7) ? 'font-medium' : 'text-muted', date === today && 'text-accent')}>{Number(date.slice(8))}</span>
                  {here.slice(0, MOST_SHOWN).map((entry) => <span key={entry.id} aria-hidden className={cn('mt-0.5 block truncate rounded border px-1 text-2xs leading-4', ENTRY_LOOK[toneOf(entry)])}>{text.title(entry)}</span>)}
                  {here.length > MOST_SHOWN && <span aria-hidden className="mt-0.5 block text-2xs text-muted">{t('more', { count: here.length - MOST_SHOWN })}</span>}
                </td>
              )
            })}
          </tr>
        ))}
      </tbody>
    </CalendarTable>
  )
}
