'use client'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useTranslations } from 'next-intl'
import { useTRPC } from '@/client/trpc.ts'
import { useErrorText } from '@/client/use-error-text.ts'
import { Button } from '@/ui/button.tsx'
import { Notice } from '@/ui/notice.tsx'
import { RelativeTime } from '@/ui/relative-time.tsx'
import { toast } from '@/ui/toaster.tsx'
import type { Booking } from './windows-page.tsx'
import { ZonedTimes } from './zoned-times.tsx'

/** What was asked for and what is offered instead, why, and until when. */
export function OfferNotice({ booking }: { booking: Booking }) {
  const t = useTranslations('windows.accept')
  return (
    <Notice tone="warning" title={t('offered')}>
      {booking.decisionReason !== null && <p className="break-words">“{booking.decisionReason}”</p>}
      {booking.askedStartsAt !== null && booking.askedEndsAt !== null && (
        <div className="mt-1.5 text-xs">
          <p className="font-medium">{t('asked')}</p>
          <ZonedTimes startsAt={booking.askedStartsAt} endsAt={booking.askedEndsAt} siteZone={booking.siteZone} />
        </div>
      )}
      {booking.expiresAt !== null && <p className="mt-1.5 text-xs">{t.rich('until', { when: () => <RelativeTime at={booking.expiresAt ?? booking.endsAt} /> })}</p>}
    </Notice>
  )
}

export function AcceptOffer({ booking }: { booking: Booking }) {
  const t = useTranslations('windows.accept')
  const trpc = useTRPC()
  const client = useQueryClient()
  const errorText = useErrorText()
  const accept = useMutation(trpc.windows.accept.mutationOptions({
    onSuccess: () => void toast.success(t('done', { wave: booking.waveName })),
    onError: (error) => toast.error(errorText(error)),
    onSettled: () => client.invalidateQueries({ queryKey: trpc.windows.pathKey() }),
  }))
  return <Button size="sm" variant="primary" busy={accept.isPending} onClick={() => accept.mutate({ bookingId: booking.id })}>{t('action')}</Button>
}
