'use client'
import { addDays, dateAt, datesAround, dayStartMs, plainDate } from '@driftless/domain'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { ChevronLeft, ChevronRight } from 'lucide-react'
import { useFormatter, useTimeZone, useTranslations } from 'next-intl'
import { parseAsString, parseAsStringLiteral, useQueryStates } from 'nuqs'
import { useState } from 'react'
import { Loaded } from '@/client/loaded.tsx'
import { useTRPC } from '@/client/trpc.ts'
import type { Outputs } from '@/client/trpc.ts'
import { Button } from '@/ui/button.tsx'
import { Card, CardBody, CardHeader } from '@/ui/card.tsx'
import { Dialog } from '@/ui/dialog.tsx'
import { Segmented } from '@/ui/segmented.tsx'
import { Select } from '@/ui/select.tsx'
import { entriesOf, within } from '../calendar/entries.ts'
import { pageAfter } from '../calendar/move.ts'
import type { CalendarPlace, CalendarView } from '../calendar/move.ts'
import type { BookingWish } from './booking-form.tsx'
import { CalendarLegend } from './calendar-look.tsx'
import { CalendarList } from './calendar-list.tsx'
import { EntryItem } from './entry-item.tsx'
import { MonthGrid } from './month-grid.tsx'
import type { Entry } from './use-entry-text.ts'
import type { Board } from './use-slot-text.ts'
import { hourSpan, WeekGrid } from './week-grid.tsx'
import type { Booking } from './windows-page.tsx'

type Site = Outputs['windows']['sites'][number]
type OnBook = ((wish: BookingWish) => void) | null
const VIEWS = ['week', 'month'] as const satisfies readonly CalendarView[]
/** What others book is seen without a reload. */
const REFRESH_MS = 10_000
/** Most slots lie in the evening; a grid is entered where people look first. */
const FIRST_HOUR = 18

/** A target site's calendar by weeks or months: its slots, bookings that one may know by name, the rest as taken. What is shown stands in the address. */
export function SiteCalendar({ bookings, onBook }: { bookings: readonly Booking[]; onBook: OnBook }) {
  const sites = useQuery(useTRPC().windows.sites.queryOptions())
  return <Loaded query={sites}>{(known) => known.length > 0 && <Calendar sites={known} bookings={bookings} onBook={onBook} />}</Loaded>
}

function Calendar({ sites, bookings, onBook }: { sites: readonly Site[]; bookings: readonly Booking[]; onBook: OnBook }) {
  const t = useTranslations('windows.calendar')
  const format = useFormatter()
  const zone = useTimeZone() ?? 'UTC'
  const trpc = useTRPC()
  const [shown, show] = useQueryStates({ view: parseAsStringLiteral(VIEWS).withDefault('week'), date: parseAsString, site: parseAsString })
  const { view } = shown
  const site = sites.find(({ id }) => id === shown.site) ?? sites[0]
  const date = shown.date !== null && plainDate(shown.date) !== null ? shown.date : dateAt(Date.now(), zone)
  const dates = datesAround(view, date)
  const [first = date, last = date] = [dates[0], dates.at(-1)]
  const [from, to] = [new Date(dayStartMs(first, zone)), new Date(dayStartMs(addDays(last, 1), zone))]
  const board = useQuery(trpc.windows.board.queryOptions({ targetSiteId: site?.id ?? '', from, to }, { enabled: site !== undefined, placeholderData: keepPreviousData, refetchInterval: REFRESH_MS }))
  if (site === undefined) return null
  const noon = new Date(`${date}T12:00:00Z`)
  const period = view === 'month' ? format.dateTime(noon, { month: 'long', year: 'numeric', timeZone: 'UTC' }) : format.dateTimeRange(new Date(`${first}T12:00:00Z`), new Date(`${last}T12:00:00Z`), { dateStyle: 'medium', timeZone: 'UTC' })
  return (
    <Card>
      <CardHeader
        title={t('title', { site: site.name })} description={<>{t('clock', { zone })} {site.zone !== null && site.zone !== zone && t('siteClock', { zone: site.zone, now: format.dateTime(new Date(), { hour: 'numeric', minute: '2-digit', timeZone: site.zone }) })}</>}
        actions={(
          <>
            {sites.length > 1 && <Select aria-label={t('site')} value={site.id} onValueChange={(next) => void show({ site: next })} options={sites.map(({ id, name }) => ({ value: id, label: name }))} className="w-48" />}
            <Segmented label={t('view')} value={view} onValueChange={(next) => void show({ view: next === 'month' ? 'month' : 'week' })} options={VIEWS.map((value) => ({ value, label: t(`views.${value}`) }))} />
            <div className="flex gap-2">
              <Button onClick={() => void show({ date: null })}>{t('today')}</Button>
              <Button size="icon" aria-label={t(`before.${view}`)} onClick={() => void show({ date: pageAfter(view, date, -1) })}><ChevronLeft aria-hidden /></Button>
              <Button size="icon" aria-label={t(`after.${view}`)} onClick={() => void show({ date: pageAfter(view, date, 1) })}><ChevronRight aria-hidden /></Button>
            </div>
          </>
        )}
      />
      <CardBody className="flex flex-col gap-4">
        <p aria-live="polite" className="text-sm font-medium">{period}</p>
        <Loaded query={board}>
          {(known) => <Page site={site} board={known} bookings={bookings.filter(({ targetSiteId, startsAt, endsAt }) => targetSiteId === site.id && startsAt < to && endsAt > from)} view={view} date={date} dates={dates} label={`${site.name}, ${period}`} zone={zone} onDate={(next) => void show({ date: next })} onBook={onBook} />}
        </Loaded>
        <CalendarLegend />
        <p className="hidden text-xs text-muted md:block">{t('keys')}</p>
      </CardBody>
    </Card>
  )
}

function Page({ site, board, bookings, view, date, dates, label, zone, onDate, onBook }: { site: Site; board: Board; bookings: readonly Booking[]; view: CalendarView; date: string; dates: readonly string[]; label: string; zone: string; onDate: (date: string) => void; onBook: OnBook }) {
  const [hour, setHour] = useState(FIRST_HOUR)
  const [open, setOpen] = useState<CalendarPlace | null>(null)
  const entries = entriesOf(board, bookings)
  const book = onBook === null ? null : (wish: { slotKey: string | null; startsAt: Date }) => {
    setOpen(null)
    onBook({ waveId: null, time: { ...wish, siteId: site.id } })
  }
  const onPlace = (place: CalendarPlace) => {
    setHour(place.hour)
    if (place.date !== date) onDate(place.date)
  }
  const grid = { dates, zone, board, entries, place: { date, hour }, label, onPlace, onOpen: setOpen }
  return (
    <>
      <div className="hidden md:block">{view === 'week' ? <WeekGrid {...grid} /> : <MonthGrid {...grid} />}</div>
      <div className="md:hidden"><CalendarList dates={dates} zone={zone} board={board} entries={entries} onBook={book} /></div>
      <Details place={open} view={view} zone={zone} board={board} entries={entries} onClose={() => setOpen(null)} onBook={book} />
    </>
  )
}

/** What lies in the hour or the day that was opened, and the ways to book there. */
function Details({ place, view, zone, board, entries, onClose, onBook }: { place: CalendarPlace | null; view: CalendarView; zone: string; board: Board; entries: readonly Entry[]; onClose: () => void; onBook: ((wish: { slotKey: string | null; startsAt: Date }) => void) | null }) {
  const t = useTranslations('windows.calendar')
  const format = useFormatter()
  if (place === null) return null
  const hour = hourSpan(place, zone)
  const span = view === 'week' ? hour : { startsAt: new Date(dayStartMs(place.date, zone)), endsAt: new Date(dayStartMs(addDays(place.date, 1), zone)) }
  const here = within(entries, span)
  const past = hour.endsAt.getTime() <= Date.now()
  const mayOwn = onBook !== null && board.ownTimes && !past && within(here, hour).length === 0
  return (
    <Dialog open onOpenChange={(next) => { if (!next) onClose() }} reading={onBook === null} title={format.dateTime(span.startsAt, view === 'week' ? { weekday: 'long', day: 'numeric', month: 'long', hour: 'numeric', minute: '2-digit' } : { dateStyle: 'full' })} description={here.length === 0 ? t('nothingHere') : t('here', { count: here.length })}>
      <ul className="flex flex-col gap-2">{here.map((entry) => <EntryItem key={entry.id} entry={entry} board={board} onBook={onBook} />)}</ul>
      {mayOwn && <div className="mt-3 flex justify-end"><Button size="sm" onClick={() => onBook({ slotKey: null, startsAt: hour.startsAt })}>{t('bookOwn', { at: format.dateTime(hour.startsAt, { hour: 'numeric', minute: '2-digit' }) })}</Button></div>}
    </Dialog>
  )
}
