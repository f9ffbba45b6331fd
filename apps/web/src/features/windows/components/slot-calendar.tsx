'use client'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { ChevronLeft, ChevronRight } from 'lucide-react'
import { useFormatter, useTimeZone, useTranslations } from 'next-intl'
import { useState } from 'react'
import { useTRPC } from '@/client/trpc.ts'
import { Button } from '@/ui/button.tsx'
import { Card, CardBody, CardHeader } from '@/ui/card.tsx'
import { cn } from '@/ui/cn.ts'
import { useFormats } from '@/ui/format/use-formats.ts'
import { Select } from '@/ui/select.tsx'
import { shareOfDay, startOfDay } from '../time/local-time.ts'
import type { Span } from '../time/local-time.ts'
import type { Booking } from './windows-page.tsx'

const WEEK_DAYS = 7
const HOURS = [0, 6, 12, 18, 24] as const
type Slot = Span & { id: string; name: string | null; pending: boolean }

/** A week of one target site: windows that one may know by name, the rest as taken. */
export function SlotCalendar({ bookings }: { bookings: readonly Booking[] }) {
  const t = useTranslations('windows.calendar')
  const formats = useFormats()
  const zone = useTimeZone() ?? 'UTC'
  const trpc = useTRPC()
  const sites = [...new Map(bookings.map((booking) => [booking.targetSiteId, booking.targetSiteName]))]
  const [chosen, setChosen] = useState<string | null>(null)
  const [week, setWeek] = useState(0)
  const siteId = chosen ?? sites[0]?.[0] ?? ''
  const from = startOfDay(new Date(), week * WEEK_DAYS)
  const to = startOfDay(from, WEEK_DAYS)
  const taken = useQuery(trpc.windows.takenSlots.queryOptions({ targetSiteId: siteId, from, to }, { enabled: siteId !== '', placeholderData: keepPreviousData }))
  if (sites.length === 0) return null
  const known: Slot[] = bookings.filter((booking) => booking.targetSiteId === siteId).map(({ id, startsAt, endsAt, waveName, status }) => ({ id, startsAt, endsAt, name: waveName, pending: status === 'REQUESTED' || status === 'COUNTER_OFFERED' }))
  const foreign: Slot[] = (taken.data ?? []).filter((slot) => !known.some((one) => one.startsAt.getTime() === slot.startsAt.getTime())).map((slot) => ({ ...slot, id: slot.startsAt.toISOString(), name: null, pending: false }))
  const slots = [...known, ...foreign]
  return (
    <Card>
      <CardHeader
        title={t('title')} description={t('description', { from: formats.date(from), to: formats.date(startOfDay(from, WEEK_DAYS - 1)), zone })}
        actions={(
          <>
            {sites.length > 1 && <Select aria-label={t('site')} value={siteId} onValueChange={setChosen} options={sites.map(([value, label]) => ({ value, label }))} className="w-48" />}
            <Button size="icon" aria-label={t('before')} onClick={() => setWeek(week - 1)}><ChevronLeft aria-hidden /></Button>
            <Button size="icon" aria-label={t('after')} onClick={() => setWeek(week + 1)}><ChevronRight aria-hidden /></Button>
          </>
        )}
      />
      <CardBody>
        <ol className="flex flex-col gap-1.5">
          {Array.from({ length: WEEK_DAYS }, (_, index) => <Day key={startOfDay(from, index).getTime()} from={startOfDay(from, index)} to={startOfDay(from, index + 1)} slots={slots} />)}
        </ol>
        <div aria-hidden className="mt-1 ml-16 flex justify-between text-2xs text-muted sm:ml-24">{HOURS.map((hour) => <span key={hour} className="tabular-nums">{String(hour).padStart(2, '0')}</span>)}</div>
        <p className="mt-3 flex flex-wrap gap-x-4 gap-y-1 text-xs text-muted">
          <Legend className="border-accent bg-accent-soft">{t('yours')}</Legend>
          <Legend className="border-dashed border-warning bg-warning-soft">{t('pending')}</Legend>
          <Legend className="border-control bg-sunken">{t('taken')}</Legend>
        </p>
      </CardBody>
    </Card>
  )
}

function Day({ from, to, slots }: { from: Date; to: Date; slots: readonly Slot[] }) {
  const t = useTranslations('windows.calendar')
  const format = useFormatter()
  const formats = useFormats()
  const here = slots.flatMap((slot) => {
    const share = shareOfDay(slot, from, to)
    return share === null ? [] : [{ slot, share }]
  })
  return (
    <li className="flex items-center gap-2">
      <span className="w-14 shrink-0 text-xs text-muted sm:w-22">{format.dateTime(from, { weekday: 'short', day: 'numeric', month: 'short' })}</span>
      <ul className="relative h-8 min-w-0 flex-1 overflow-hidden rounded-md border bg-[linear-gradient(to_right,var(--border)_1px,transparent_1px)] bg-size-[25%_100%]">
        {here.map(({ slot, share }) => {
          const text = `${slot.name ?? t('taken')}, ${formats.dateTimeRange(slot.startsAt, slot.endsAt)}`
          return (
            <li key={slot.id} title={text} style={{ left: `${share.from * 100}%`, width: `${(share.to - share.from) * 100}%` }} className={cn('absolute inset-y-0.5 min-w-1 truncate rounded border px-1 text-2xs leading-6', slot.name === null ? 'border-control bg-sunken text-muted' : slot.pending ? 'border-dashed border-warning bg-warning-soft text-warning' : 'border-accent bg-accent-soft text-accent')}>
              <span className="sr-only">{text}</span><span aria-hidden>{slot.name ?? t('taken')}</span>
            </li>
          )
        })}
      </ul>
    </li>
  )
}

function Legend({ className, children }: { className: string; children: string }) {
  return <span className="inline-flex items-center gap-1.5"><span aria-hidden className={cn('size-3 rounded border', className)} />{children}</span>
}
