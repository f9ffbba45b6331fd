'use client'
import { MIGRATION_ENDED } from '@driftless/domain'
import type { BookingStatus } from '@driftless/domain'
import { CalendarClock } from 'lucide-react'
import Link from 'next/link'
import { useTranslations } from 'next-intl'
import { Button } from '@/ui/button.tsx'
import { useMay } from '@/features/session/components/person-context.tsx'
import { TravelAtWindow } from '@/features/shipments/components/travel-at-window.tsx'
import type { Travel } from '@/features/shipments/shipment-types.ts'
import { ZonedTimes } from '@/features/windows/components/zoned-times.tsx'
import { Card, CardBody, CardHeader } from '@/ui/card.tsx'
import { KeyValueList } from '@/ui/key-value.tsx'
import { Pill } from '@/ui/pill.tsx'
import type { Tone } from '@/ui/tone.ts'
import type { Wave } from '../wave-types.ts'

const TONES: Readonly<Record<BookingStatus, Tone>> = {
  REQUESTED: 'warning', COUNTER_OFFERED: 'warning', APPROVED: 'success', LOCKED: 'success', IN_PROGRESS: 'accent', DONE: 'neutral', REJECTED: 'danger', EXPIRED: 'neutral', WITHDRAWN: 'neutral',
}

/** When the wave's sources may be stopped, and where that stands. */
export function WindowCard({ wave, travel }: { wave: Wave; travel: Travel | null }) {
  const t = useTranslations('wave.window')
  const states = useTranslations('states.booking')
  const mayBook = useMay('book-windows')
  const { booking, bookedTest, siteZone } = wave
  const over = wave.migrations.every((migration) => MIGRATION_ENDED.includes(migration.status))
  return (
    <Card>
      <CardHeader title={<span className="flex items-center gap-2"><CalendarClock className="size-4 text-muted" aria-hidden />{t('title')}</span>} actions={booking && <Pill tone={TONES[booking.status]} pulse={booking.status === 'IN_PROGRESS'}>{states(booking.status)}</Pill>} />
      <CardBody className="flex flex-col items-start gap-4">
        {booking === null ? <p className="text-sm text-muted">{t('none')}</p> : (
          <KeyValueList
            className="w-full"
            items={[
              { label: t('when'), value: <ZonedTimes startsAt={booking.startsAt} endsAt={booking.endsAt} siteZone={siteZone} /> },
              { label: t('lockout'), value: <ZonedTimes startsAt={booking.lockoutAt} siteZone={siteZone} /> },
              ...(booking.requestedByName === null ? [] : [{ label: t('requestedBy'), value: booking.requestedByName }]),
              ...(booking.decisionReason === null ? [] : [{ label: t('reason'), value: booking.decisionReason }]),
              ...(bookedTest === null ? [] : [{ label: t('test'), value: <><ZonedTimes startsAt={bookedTest.startsAt} endsAt={bookedTest.endsAt} siteZone={siteZone} /><span className="text-xs text-muted">{states(bookedTest.status)}</span></> }]),
            ]}
          />
        )}
        {booking?.holds === true && travel !== null && <TravelAtWindow travel={travel} lockoutAt={booking.lockoutAt} />}
        <div className="flex flex-wrap gap-2">
          {!(booking?.holds === true && booking.kind === 'CUTOVER') && mayBook && !over
            ? <Button asChild variant="primary" size="sm"><Link href={`/windows?wave=${wave.id}`}>{t('book')}</Link></Button>
            : <Button asChild size="sm"><Link href="/windows">{t('see')}</Link></Button>}
          <Button asChild size="sm"><Link href={`/waves/${wave.id}/runbook`}>{t('runbook')}</Link></Button>
        </div>
      </CardBody>
    </Card>
  )
}
