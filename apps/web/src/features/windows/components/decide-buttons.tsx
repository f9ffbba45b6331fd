'use client'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useTranslations } from 'next-intl'
import { useTRPC } from '@/client/trpc.ts'
import { useErrorText } from '@/client/use-error-text.ts'
import { ReasonDialog } from '@/ui/reason-dialog.tsx'
import { toast } from '@/ui/toaster.tsx'
import { OfferDialog } from './offer-dialog.tsx'
import type { Booking } from './windows-page.tsx'

/** Approve, offer another time, or refuse with a reason that the customer reads; an offer that was made can still be taken back so. */
export function DecideButtons({ booking }: { booking: Booking }) {
  return (
    <>
      <Decide booking={booking} approve={false} />
      {booking.status === 'REQUESTED' && <OfferDialog booking={booking} />}
      {booking.status === 'REQUESTED' && <Decide booking={booking} approve />}
    </>
  )
}

function Decide({ booking, approve }: { booking: Booking; approve: boolean }) {
  const t = useTranslations(approve ? 'windows.approve' : 'windows.refuse')
  const trpc = useTRPC()
  const client = useQueryClient()
  const errorText = useErrorText()
  const decide = useMutation(trpc.windows.decide.mutationOptions({
    onSuccess: () => void toast.success(t('done', { wave: booking.waveName })),
    onSettled: () => client.invalidateQueries({ queryKey: trpc.windows.pathKey() }),
  }))
  return (
    <ReasonDialog
      title={t('title', { wave: booking.waveName })} description={t('description', { customer: booking.tenantName })}
      action={t('action')} confirm={t('confirm')} variant={approve ? 'primary' : 'danger'}
      label={t('reason')} hint={t('reasonHint')} required={!approve} busy={decide.isPending} problem={decide.error && errorText(decide.error)}
      onSubmit={(reason) => decide.mutateAsync({ bookingId: booking.id, approve, reason })}
    />
  )
}
