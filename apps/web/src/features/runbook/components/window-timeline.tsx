'use client'
import { useTranslations } from 'next-intl'
import { Card, CardBody, CardHeader } from '@/ui/card.tsx'
import { cn } from '@/ui/cn.ts'
import { useFormats } from '@/ui/format/use-formats.ts'
import type { Book, BookEntry, RunbookReading } from '../runbook-types.ts'

const BARS: Readonly<Record<BookEntry['state'], string>> = { AHEAD: 'bg-series-1/70', RUNNING: 'bg-accent', DONE: 'bg-success', WENT_BACK: 'bg-warning' }

/** What does not fit is red before it begins. */
const colourOf = ({ fits, state }: BookEntry): string => (!fits && state === 'AHEAD' ? 'bg-danger' : BARS[state])

type Mark = { readonly key: 'lockout' | 'noReturn' | 'now'; readonly at: number; readonly line: string; readonly dot: string }

/** The window as a line: each VM's bar (its P50, paler up to its P90), the lockout, the point of no return, and now. */
export function WindowTimeline({ booking, book, now }: { booking: NonNullable<RunbookReading['booking']>; book: Book; now: Date }) {
  const t = useTranslations('runbook.timeline')
  const { time, timeSeconds } = useFormats()
  const from = booking.startsAt.getTime()
  const length = booking.endsAt.getTime() - from
  const share = (at: number) => Math.min(100, Math.max(0, ((at - from) / length) * 100))
  const marks: readonly Mark[] = [
    { key: 'lockout', at: booking.lockoutAt.getTime(), line: 'border-warning', dot: 'bg-warning' },
    { key: 'noReturn', at: book.pointOfNoReturnMs, line: 'border-danger', dot: 'bg-danger' },
    ...(booking.status !== 'DONE' && now >= booking.startsAt && now <= booking.endsAt ? [{ key: 'now' as const, at: now.getTime(), line: 'border-foreground', dot: 'bg-foreground' }] : []),
  ]
  return (
    <Card>
      <CardHeader title={t('title')} description={t('description')} />
      <CardBody>
        <div className="flex justify-between text-xs text-muted tabular-nums"><span>{time(booking.startsAt)}</span><span>{time(booking.endsAt)}</span></div>
        <ul className="mt-1 flex flex-col gap-3">
          {book.entries.map((entry) => (
            <li key={entry.id}>
              <p className="text-xs"><span className="font-medium">{entry.name}</span> <span className="text-muted">{t(`state.${entry.state}`, { from: timeSeconds(entry.startsAtMs), to: timeSeconds(entry.endsAtMs.p50), late: timeSeconds(entry.endsAtMs.p90) })}{!entry.fits && entry.state === 'AHEAD' ? ` · ${t('doesNotFit')}` : ''}</span></p>
              <span aria-hidden className="relative mt-1 block h-4 overflow-hidden rounded-sm bg-sunken">
                <span className={cn('absolute inset-y-1 min-w-0.5 rounded-sm opacity-35', colourOf(entry))} style={{ left: `${share(entry.startsAtMs)}%`, width: `${share(entry.endsAtMs.p90) - share(entry.startsAtMs)}%` }} />
                <span className={cn('absolute inset-y-1 min-w-0.5 rounded-sm', colourOf(entry))} style={{ left: `${share(entry.startsAtMs)}%`, width: `${share(entry.endsAtMs.p50) - share(entry.startsAtMs)}%` }} />
                {marks.map(({ key, at, line }) => <span key={key} className={cn('absolute inset-y-0 border-l-2', key === 'now' ? 'border-solid' : 'border-dashed', line)} style={{ left: `${share(at)}%` }} />)}
              </span>
            </li>
          ))}
        </ul>
        <ul className="mt-3 flex flex-wrap gap-x-5 gap-y-1 text-xs text-muted">
          {marks.map(({ key, at, dot }) => <li key={key} className="inline-flex items-center gap-1.5 tabular-nums"><span aria-hidden className={cn('size-2 rounded-full', dot)} />{t(`mark.${key}`, { at: timeSeconds(at) })}</li>)}
        </ul>
      </CardBody>
    </Card>
  )
}
