'use client'
import { blackoutOver, slotsOf } from '@driftless/domain'
import type { SiteCalendar } from '@driftless/domain'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useNow, useTranslations } from 'next-intl'
import { useEffect, useRef } from 'react'
import { useTRPC } from '@/client/trpc.ts'
import { useErrorText } from '@/client/use-error-text.ts'
import { ZonedTimes } from '@/features/windows/components/zoned-times.tsx'
import { Button } from '@/ui/button.tsx'
import { Notice } from '@/ui/notice.tsx'
import { toast } from '@/ui/toaster.tsx'
import type { CalendarConflicts, PublishedCalendar } from './edit-calendar.tsx'
import { useSlotWords } from './use-slot-words.ts'

/** Far enough to see an exception and a jump of the clock coming; no further than anybody reads. */
const PREVIEW_MS = 28 * 86_400_000
const MOST_SHOWN = 14

/** What a calendar comes to before it is published: the slots of four weeks, and the bookings at odds with it, which stay as they are. */
export function CalendarReview({ site, revision, calendar, conflicts, onBack, onDone }: { site: PublishedCalendar; revision: number | null; calendar: SiteCalendar; conflicts: CalendarConflicts; onBack: () => void; onDone: () => void }) {
  const t = useTranslations('configure.calendars.review')
  const trpc = useTRPC()
  const client = useQueryClient()
  const errorText = useErrorText()
  const save = useMutation(trpc.configure.saveCalendar.mutationOptions({
    onSuccess: () => {
      toast.success(t('done', { site: site.siteName }))
      onDone()
    },
    onSettled: () => client.invalidateQueries({ queryKey: trpc.configure.calendars.queryKey() }),
  }))
  const top = useRef<HTMLDivElement>(null)
  // The form was left at its end: what it comes to is read from the beginning.
  useEffect(() => top.current?.focus(), [])
  return (
    <div ref={top} tabIndex={-1} className="flex flex-col gap-5 outline-none">
      {save.error && <Notice tone="danger">{errorText(save.error)}</Notice>}
      {conflicts.length === 0 ? <Notice tone="success">{t('noConflict')}</Notice> : <Conflicts conflicts={conflicts} zone={calendar.zone} />}
      <Preview calendar={calendar} />
      <div className="flex flex-wrap justify-end gap-2">
        <Button onClick={onBack}>{t('back')}</Button>
        <Button variant="primary" busy={save.isPending} onClick={() => save.mutate({ siteId: site.siteId, calendar, revision, acknowledged: conflicts.map(({ bookingId }) => bookingId) })}>{t(conflicts.length === 0 ? 'publish' : 'publishAnyway')}</Button>
      </div>
    </div>
  )
}

function Conflicts({ conflicts, zone }: { conflicts: CalendarConflicts; zone: string }) {
  const t = useTranslations('configure.calendars.review')
  return (
    <Notice tone="warning" title={t('conflicts', { count: conflicts.length })}>
      <ul className="mt-2 flex flex-col gap-2">
        {conflicts.map((one) => (
          <li key={one.bookingId}>
            <p className="text-sm">{t('conflict', { customer: one.tenantName, wave: one.waveName, why: t(`why.${one.conflict}`) })}</p>
            <ZonedTimes startsAt={one.startsAt} endsAt={one.endsAt} siteZone={zone} />
          </li>
        ))}
      </ul>
    </Notice>
  )
}

function Preview({ calendar }: { calendar: SiteCalendar }) {
  const t = useTranslations('configure.calendars.review')
  const words = useSlotWords()
  const now = useNow().getTime()
  const slots = slotsOf(calendar, now, now + PREVIEW_MS)
  return (
    <section className="flex flex-col gap-2">
      <h3 className="text-sm font-medium">{t('preview')}</h3>
      {slots.length === 0 ? <p className="text-sm text-muted">{t('noSlots')}</p> : (
        <ul className="divide-y rounded-lg border">
          {slots.slice(0, MOST_SHOWN).map((slot) => {
            const blackout = blackoutOver(calendar, slot.startsAtMs, slot.endsAtMs)
            return (
              <li key={slot.key} className="flex flex-wrap items-start justify-between gap-x-6 gap-y-1 px-3 py-2">
                <ZonedTimes startsAt={new Date(slot.startsAtMs)} endsAt={new Date(slot.endsAtMs)} siteZone={calendar.zone} />
                <span className="text-xs text-muted sm:text-right">{blackout === null ? words(slot) : t('blackout', { reason: blackout.reason })}</span>
              </li>
            )
          })}
        </ul>
      )}
      {slots.length > MOST_SHOWN && <p className="text-xs text-muted">{t('more', { count: slots.length - MOST_SHOWN })}</p>}
    </section>
  )
}
