'use client'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useTranslations } from 'next-intl'
import { useTRPC } from '@/client/trpc.ts'
import { useFormats } from '@/ui/format/use-formats.ts'
import { Notice } from '@/ui/notice.tsx'
import { overlap, startOfDay } from '../time/local-time.ts'
import type { Span } from '../time/local-time.ts'

/** A window lasts at most a day, so its neighbours lie within two. */
const DAYS_SHOWN = 2

/** What is taken at the target site around the wanted time, and whether the wanted time is. */
export function TakenSlots({ siteId, siteName, wanted }: { siteId: string; siteName: string; wanted: Span }) {
  const t = useTranslations('windows.taken')
  const formats = useFormats()
  const trpc = useTRPC()
  const from = startOfDay(wanted.startsAt)
  const slots = useQuery(trpc.windows.takenSlots.queryOptions({ targetSiteId: siteId, from, to: startOfDay(from, DAYS_SHOWN) }, { placeholderData: keepPreviousData }))
  if (slots.data === undefined) return null
  const inTheWay = slots.data.filter((slot) => overlap(slot, wanted))
  if (inTheWay.length > 0) return <Notice tone="warning" title={t('conflict')}>{formats.list(inTheWay.map((slot) => formats.dateTimeRange(slot.startsAt, slot.endsAt)))}</Notice>
  return (
    <p className="text-xs text-muted">
      {slots.data.length === 0 ? t('free', { site: siteName }) : t('near', { site: siteName, list: formats.list(slots.data.map((slot) => formats.dateTimeRange(slot.startsAt, slot.endsAt))) })}
    </p>
  )
}
