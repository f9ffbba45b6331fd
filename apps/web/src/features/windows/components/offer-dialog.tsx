'use client'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useTranslations } from 'next-intl'
import { useState } from 'react'
import type { FormEvent } from 'react'
import { useTRPC } from '@/client/trpc.ts'
import { useErrorText } from '@/client/use-error-text.ts'
import { Button } from '@/ui/button.tsx'
import { Dialog } from '@/ui/dialog.tsx'
import { Field } from '@/ui/field.tsx'
import { Textarea } from '@/ui/input.tsx'
import { Notice } from '@/ui/notice.tsx'
import { toast } from '@/ui/toaster.tsx'
import { TimeFields } from './time-fields.tsx'
import { useTimeChoice } from './use-time-choice.ts'
import type { Booking } from './windows-page.tsx'
import { ZonedTimes } from './zoned-times.tsx'

/** Another slot, or another time, for a request, with a reason that the customer reads. */
export function OfferDialog({ booking }: { booking: Booking }) {
  const t = useTranslations('windows.offer')
  const [open, setOpen] = useState(false)
  return (
    <Dialog className="max-w-2xl" open={open} onOpenChange={setOpen} title={t('title', { wave: booking.waveName })} description={t('description', { customer: booking.tenantName })} trigger={<Button size="sm">{t('action')}</Button>}>
      {open && <Form booking={booking} onDone={() => setOpen(false)} />}
    </Dialog>
  )
}

function Form({ booking, onDone }: { booking: Booking; onDone: () => void }) {
  const t = useTranslations('windows.offer')
  const trpc = useTRPC()
  const client = useQueryClient()
  const errorText = useErrorText()
  const [reason, setReason] = useState('')
  const [asked, setAsked] = useState(false)
  const choice = useTimeChoice(booking.targetSiteId, null)
  const offer = useMutation(trpc.windows.offer.mutationOptions({
    onSuccess: () => {
      toast.success(t('done', { wave: booking.waveName }))
      onDone()
    },
    onSettled: () => client.invalidateQueries({ queryKey: trpc.windows.pathKey() }),
  }))
  const submit = (event: FormEvent) => {
    event.preventDefault()
    setAsked(true)
    const time = choice.chosen()
    if (time !== null && reason.trim() !== '') offer.mutate({ bookingId: booking.id, reason, ...time })
  }
  return (
    <form noValidate className="flex flex-col gap-4" onSubmit={submit}>
      {offer.error && <Notice tone="danger">{errorText(offer.error)}</Notice>}
      <div>
        <h3 className="text-xs font-medium text-muted">{t('asked')}</h3>
        <ZonedTimes startsAt={booking.startsAt} endsAt={booking.endsAt} siteZone={booking.siteZone} />
      </div>
      <TimeFields choice={choice} site={{ id: booking.targetSiteId, name: booking.targetSiteName }} demand={booking} asked={asked} />
      <Field label={t('reason')} hint={t('reasonHint')} error={asked && reason.trim() === '' ? t('reasonHint') : undefined}>
        {(control) => <Textarea {...control} rows={2} maxLength={500} value={reason} onChange={(event) => setReason(event.target.value)} />}
      </Field>
      <div className="flex justify-end"><Button type="submit" variant="primary" busy={offer.isPending}>{t('confirm')}</Button></div>
    </form>
  )
}
