'use client'
import { isProviderRole } from '@driftless/domain'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useTranslations } from 'next-intl'
import Link from 'next/link'
import { useTRPC } from '@/client/trpc.ts'
import { useErrorText } from '@/client/use-error-text.ts'
import { useBitRate } from '@/features/configure/components/use-bit-rate.ts'
import { useMay, usePerson } from '@/features/session/components/person-context.tsx'
import { TravelAtWindow } from '@/features/shipments/components/travel-at-window.tsx'
import { Button } from '@/ui/button.tsx'
import { Card } from '@/ui/card.tsx'
import { Confirm } from '@/ui/confirm.tsx'
import { useFormats } from '@/ui/format/use-formats.ts'
import { KeyValueList } from '@/ui/key-value.tsx'
import { Notice } from '@/ui/notice.tsx'
import { RelativeTime } from '@/ui/relative-time.tsx'
import { toast } from '@/ui/toaster.tsx'
import { AcceptOffer, OfferNotice } from './answer-offer.tsx'
import { BookingStatusPill } from './booking-status-pill.tsx'
import { DecideButtons } from './decide-buttons.tsx'
import type { Booking } from './windows-page.tsx'
import { ZonedTimes } from './zoned-times.tsx'

/** Names that fit the line; the rest is a number. */
const NAMES_SHOWN = 6

/** One booking that counts, with what each side needs to know and may do. */
export function BookingCard({ booking, others }: { booking: Booking; others: readonly Booking[] }) {
  const t = useTranslations('windows.card')
  const formats = useFormats()
  const rate = useBitRate()
  const staff = isProviderRole(usePerson().role)
  const mayBook = useMay('book-windows')
  const requested = booking.status === 'REQUESTED'
  const offered = booking.status === 'COUNTER_OFFERED'
  const mayDecide = useMay('decide-bookings') && (requested || offered)
  const names = booking.vms.map((vm) => vm.name)
  const holds = [
    t('holds.vms', { count: booking.cutovers }),
    ...(booking.bandwidthBytesPerSecond === null ? [] : [rate(booking.bandwidthBytesPerSecond)]),
    ...(booking.staff === 0 ? [] : [t('holds.staff', { count: booking.staff })]),
  ]
  const items = [
    ...(staff ? [{ label: t('customer'), value: booking.tenantName }] : []),
    ...(requested ? [{ label: t('waiting'), value: <RelativeTime at={booking.requestedAt} /> }] : []),
    { label: t('target'), value: booking.targetSiteName },
    ...(booking.kind === 'TEST' ? [{ label: t('for'), value: t('test') }] : []),
    { label: t('vms'), value: t('vmsValue', { count: names.length, size: formats.bytes(booking.vms.reduce((sum, vm) => sum + vm.sizeBytes, 0)) }) },
    ...(booking.neededSeconds === null ? [] : [{ label: t('needed'), value: formats.duration(booking.neededSeconds) }]),
    ...(requested || offered ? [{ label: t(booking.slotKey === null ? 'holdsTime' : 'holdsSlot'), value: formats.list(holds) }] : []),
    ...(requested && booking.expiresAt !== null ? [{ label: t('heldUntil'), value: <RelativeTime at={booking.expiresAt} /> }] : []),
    { label: t('lockout'), value: formats.dateTime(booking.lockoutAt) },
    ...(booking.requestedByName === null ? [] : [{ label: t('requestedBy'), value: t('byAt', { name: booking.requestedByName, at: formats.dateTime(booking.requestedAt) }) }]),
    ...(booking.note === null ? [] : [{ label: t('note'), value: booking.note }]),
    ...(booking.decisionReason === null || offered ? [] : [{ label: t('reason'), value: booking.decisionReason }]),
  ]
  return (
    <Card className="flex h-full flex-col">
      <div className="flex flex-wrap items-start justify-between gap-2 px-5 pt-4">
        <div className="min-w-0 flex-1 basis-52">
          <h3 className="text-sm font-semibold break-words"><Link href={`/waves/${booking.waveId}`} className="hover:underline">{booking.waveName}</Link></h3>
          <ZonedTimes startsAt={booking.startsAt} endsAt={booking.endsAt} siteZone={booking.siteZone} className="mt-0.5" />
        </div>
        <BookingStatusPill status={booking.status} />
      </div>
      <div className="flex flex-1 flex-col gap-3 px-5 py-3">
        {offered ? <OfferNotice booking={booking} /> : <p className="text-xs text-muted">{t(`meaning.${booking.status}`)}</p>}
        <KeyValueList items={items} />
        <p className="text-xs text-muted">{names.slice(0, NAMES_SHOWN).join(', ')}{names.length > NAMES_SHOWN && ` ${t('more', { count: names.length - NAMES_SHOWN })}`}</p>
        {booking.travel !== null && <TravelAtWindow travel={booking.travel} lockoutAt={booking.lockoutAt} />}
        {mayDecide && requested && <Conflicts booking={booking} others={others} />}
      </div>
      {(mayDecide || (mayBook && booking.status !== 'IN_PROGRESS')) && (
        <div className="flex flex-wrap justify-end gap-2 border-t bg-sunken/50 px-5 py-3">
          {mayDecide ? <DecideButtons booking={booking} /> : <Withdraw booking={booking} />}
          {mayBook && offered && <AcceptOffer booking={booking} />}
        </div>
      )}
    </Card>
  )
}

/** What a scheduler weighs: whether the window is long enough, and what lies next to it. Overlaps cannot be: a request holds its slot. */
function Conflicts({ booking, others }: { booking: Booking; others: readonly Booking[] }) {
  const t = useTranslations('windows.conflicts')
  const formats = useFormats()
  const seconds = (booking.endsAt.getTime() - booking.startsAt.getTime()) / 1000
  const near = others.filter((other) => other.id !== booking.id && other.targetSiteId === booking.targetSiteId && Math.abs(other.startsAt.getTime() - booking.startsAt.getTime()) < NEAR_MS)
  const tooShort = booking.neededSeconds !== null && booking.neededSeconds > seconds
  return (
    <>
      {tooShort && <Notice tone="warning">{t('tooShort', { needed: formats.duration(booking.neededSeconds ?? 0), window: formats.duration(seconds) })}</Notice>}
      <p className="text-xs text-muted">
        {t('free')}{' '}
        {near.length > 0 && t('near', { list: formats.list(near.map((other) => `${other.tenantName}, ${other.waveName} (${formats.dateTimeRange(other.startsAt, other.endsAt)})`)) })}
      </p>
    </>
  )
}
/** Windows within half a day share people and capacity. */
const NEAR_MS = 12 * 3_600_000

function Withdraw({ booking }: { booking: Booking }) {
  const t = useTranslations('windows.withdraw')
  const trpc = useTRPC()
  const client = useQueryClient()
  const errorText = useErrorText()
  const withdraw = useMutation(trpc.windows.withdraw.mutationOptions({
    onSuccess: () => toast.success(t('done')),
    onError: (error) => toast.error(errorText(error)),
    onSettled: () => client.invalidateQueries({ queryKey: trpc.windows.pathKey() }),
  }))
  return <Confirm danger trigger={<Button size="sm">{t('action')}</Button>} title={t('title', { wave: booking.waveName })} description={t('description')} action={t('action')} onConfirm={() => withdraw.mutateAsync({ bookingId: booking.id })} />
}
