'use client'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useTimeZone, useTranslations } from 'next-intl'
import { useTRPC } from '@/client/trpc.ts'
import type { Outputs } from '@/client/trpc.ts'
import { useFormats } from '@/ui/format/use-formats.ts'
import { Notice } from '@/ui/notice.tsx'
import { overlap, startOfDay } from '../time/local-time.ts'
import type { Span } from '../time/local-time.ts'

/** Times of a site that nobody can have as a time of their own: what others hold so, held slots that are not published any more, and blackouts. */
function takenOf(board: Outputs['windows']['board']): Span[] {
  return [...board.taken, ...board.slots.filter(({ closed }) => closed === 'GONE'), ...board.blackouts].toSorted((one, other) => one.startsAt.getTime() - other.startsAt.getTime())
}

/** A window lasts at most a day, so its neighbours lie within two. */
const DAYS_SHOWN = 2

/** What is taken at the target site around the wanted time, and whether the wanted time is. */
export function TakenSlots({ siteId, siteName, wanted }: { siteId: string; siteName: string; wanted: Span }) {
  const t = useTranslations('windows.taken')
  const formats = useFormats()
  const trpc = useTRPC()
  const zone = useTimeZone() ?? 'UTC'
  const from = startOfDay(wanted.startsAt, zone)
  const board = useQuery(trpc.windows.board.queryOptions({ targetSiteId: siteId, from, to: startOfDay(from, zone, DAYS_SHOWN) }, { placeholderData: keepPreviousData }))
  if (board.data === undefined) return null
  const published = board.data.slots.filter((slot) => slot.closed !== 'GONE' && overlap(slot, wanted))
  if (published.length > 0) return <Notice tone="warning" title={t('inSlot')}>{formats.list(published.map((slot) => formats.dateTimeRange(slot.startsAt, slot.endsAt)))}</Notice>
  const taken = takenOf(board.data)
  const inTheWay = taken.filter((slot) => overlap(slot, wanted))
  if (inTheWay.length > 0) return <Notice tone="warning" title={t('conflict')}>{formats.list(inTheWay.map((slot) => formats.dateTimeRange(slot.startsAt, slot.endsAt)))}</Notice>
  return (
    <p className="text-xs text-muted">
      {taken.length === 0 ? t('free', { site: siteName }) : t('near', { site: siteName, list: formats.list(taken.map((slot) => formats.dateTimeRange(slot.startsAt, slot.endsAt))) })}
    </p>
  )
}
