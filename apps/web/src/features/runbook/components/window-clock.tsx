'use client'
import { CalendarClock, DoorClosed, Hourglass, Sigma, Undo2 } from 'lucide-react'
import { useTranslations } from 'next-intl'
import { ZonedTimes } from '@/features/windows/components/zoned-times.tsx'
import { useFormats } from '@/ui/format/use-formats.ts'
import { StatGrid, StatTile } from '@/ui/stat-tile.tsx'
import type { RunbookReading } from '../runbook-types.ts'

/** The window in numbers: what is left of it, and the two moments that Driftless keeps to. */
export function WindowClock({ reading: { book, now, forecasts, siteZone }, booking }: { reading: RunbookReading; booking: NonNullable<RunbookReading['booking']> }) {
  const t = useTranslations('runbook.clock')
  const states = useTranslations('states.booking')
  const { duration, durationRange, timeSeconds } = useFormats()
  if (book === null) return null
  const ahead = booking.startsAt > now
  const closed = booking.status === 'DONE'
  const left = closed ? 0 : ahead ? (booking.startsAt.getTime() - now.getTime()) / 1000 : Math.max(0, book.leftSeconds)
  const total = (share: 'p50' | 'p90') => forecasts.reduce((sum, forecast) => sum + forecast.total[share], 0)
  const lastStart = book.entries.filter(({ state }) => state === 'AHEAD').reduce<number | null>((earliest, { lastStartMs }) => (earliest === null ? lastStartMs : Math.min(earliest, lastStartMs)), null)
  return (
    <StatGrid className="xl:grid-cols-5 sm:grid-cols-2">
      <StatTile icon={CalendarClock} label={t('window')} value={<ZonedTimes startsAt={booking.startsAt} endsAt={booking.endsAt} siteZone={siteZone} className="font-normal tracking-normal" />} detail={states(booking.status)} className="col-span-2 sm:col-span-1" />
      <StatTile icon={Hourglass} label={t(ahead ? 'opensIn' : 'left')} value={!ahead && left === 0 ? t('over') : duration(left)} tone={!ahead && left < 600 && left > 0 ? 'warning' : 'neutral'} />
      <StatTile icon={Sigma} label={t('forecast')} value={durationRange(total('p50'), total('p90'))} detail={t('forecastDetail', { count: forecasts.length })} />
      <StatTile icon={DoorClosed} label={t('lastStart')} value={lastStart === null ? t('none') : timeSeconds(lastStart)} detail={t('lastStartDetail')} />
      <StatTile icon={Undo2} label={t('noReturn')} value={timeSeconds(book.pointOfNoReturnMs)} detail={t('noReturnDetail')} />
    </StatGrid>
  )
}
