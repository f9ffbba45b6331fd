'use client'
import { addDays, dateAt, dayStartMs, instantOfWallTime } from '@driftless/domain'
import { useFormatter, useTranslations } from 'next-intl'
import { cn } from '@/ui/cn.ts'
import { minutesOn, within } from '../calendar/entries.ts'
import type { CalendarPlace } from '../calendar/move.ts'
import type { Span } from '../time/local-time.ts'
import { ENTRY_LOOK } from './calendar-look.tsx'
import { CalendarTable } from './calendar-table.tsx'
import { toneOf, useEntryText } from './use-entry-text.ts'
import type { Entry } from './use-entry-text.ts'
import type { Board } from './use-slot-text.ts'

export type GridProps = {
  dates: readonly string[]
  zone: string
  board: Board
  entries: readonly Entry[]
  place: CalendarPlace
  label: string
  onPlace: (place: CalendarPlace) => void
  onOpen: (place: CalendarPlace) => void
}

const LAST_HOUR = 23
const HOURS = Array.from({ length: 24 }, (_, hour) => hour)
/** Of one hour, and the least that an entry is drawn with. */
const HOUR_REM = 1.5
const LEAST_REM = 1

/** An hour of a date by the clocks of a zone; empty where they jump over it, twice as long where they show it twice. */
export function hourSpan({ date, hour }: CalendarPlace, zone: string): Span {
  const at = (of: number) => new Date(instantOfWallTime(`${date}T${String(of).padStart(2, '0')}:00`, zone) ?? 0)
  const startsAt = at(hour)
  return { startsAt, endsAt: hour === LAST_HOUR ? new Date(dayStartMs(addDays(date, 1), zone)) : at(hour + 1) }
}

/** A week by hours: each hour of each day is a cell, what lies on them is drawn over them. */
export function WeekGrid({ dates, zone, board, entries, place, label, onPlace, onOpen }: GridProps) {
  const t = useTranslations('windows.calendar')
  const format = useFormatter()
  const today = dateAt(Date.now(), zone)
  const day = (date: string, long: boolean) => format.dateTime(new Date(`${date}T12:00:00Z`), { weekday: long ? 'long' : 'short', day: 'numeric', month: long ? 'long' : 'short', timeZone: 'UTC' })
  const clock = (hour: number) => format.dateTime(new Date(Date.UTC(2024, 0, 1, hour)), { hour: 'numeric', minute: '2-digit', timeZone: 'UTC' })
  return (
    <CalendarTable view="week" place={place} label={label} onPlace={onPlace} onOpen={onOpen}>
      <thead>
        <tr>
          <th scope="col" className="w-16 pb-2 text-left font-normal text-muted"><span className="sr-only">{t('hour')}</span></th>
          {dates.map((date) => <th key={date} scope="col" className={cn('pb-2 text-center font-medium', date === today && 'text-accent')}>{day(date, false)}</th>)}
        </tr>
      </thead>
      <tbody>
        {HOURS.map((hour) => (
          <tr key={hour}>
            <th scope="row" className="pr-2 text-right align-top text-2xs font-normal tabular-nums whitespace-nowrap text-muted">{clock(hour)}</th>
            {dates.map((date) => {
              const here = within(entries, hourSpan({ date, hour }, zone))
              const current = date === place.date && hour === place.hour
              return (
                <WeekCell key={date} label={t('cell', { day: day(date, true), hour: clock(hour) })} date={date} isToday={date === today} current={current} entries={hour === 0 ? entries : []} here={here} zone={zone} board={board} onChoose={() => { onPlace({ date, hour }); onOpen({ date, hour }) }} />
              )
            })}
          </tr>
        ))}
      </tbody>
    </CalendarTable>
  )
}

/** One hour. The first one of a day carries what is drawn over all of them. */
function WeekCell({ label, date, isToday, current, entries, here, zone, board, onChoose }: { label: string; date: string; isToday: boolean; current: boolean; entries: readonly Entry[]; here: readonly Entry[]; zone: string; board: Board; onChoose: () => void }) {
  const t = useTranslations('windows.calendar')
  const text = useEntryText(board)
  return (
    <td
      role="gridcell" tabIndex={current ? 0 : -1} aria-label={`${label}: ${here.length === 0 ? t('nothing') : here.map(text.whole).join('; ')}`} onClick={onChoose}
      style={{ height: `${HOUR_REM}rem` }} className={cn('relative cursor-pointer border-t border-l p-0 hover:bg-sunken focus-visible:z-20 focus-visible:-outline-offset-2', isToday && 'bg-accent-soft/40')}
    >
      {entries.map((entry) => {
        const drawn = minutesOn(entry, date, zone)
        if (drawn === null) return null
        return (
          <span
            key={entry.id} aria-hidden style={{ top: `${(drawn.from / 60) * HOUR_REM}rem`, height: `${Math.max(LEAST_REM, ((drawn.to - drawn.from) / 60) * HOUR_REM)}rem` }}
            className={cn('pointer-events-none absolute inset-x-0.5 z-10 overflow-hidden rounded border-2 px-1 text-2xs leading-4', ENTRY_LOOK[toneOf(entry)])}
          >
            <span className="block font-medium">{text.title(entry)}</span>
            <span className="block">{text.when(entry)}</span>
          </span>
        )
      })}
    </td>
  )
}
