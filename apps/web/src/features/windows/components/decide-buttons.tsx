'use client'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useTranslations } from 'next-intl'
import { useState } from 'react'
import { useTRPC } from '@/client/trpc.ts'
import { useErrorText } from '@/client/use-error-text.ts'
import { Button } from '@/ui/button.tsx'
import { Dialog, DialogClose } from '@/ui/dialog.tsx'
import { Field } from '@/ui/field.tsx'
import { Textarea } from '@/ui/input.tsx'
import { Notice } from '@/ui/notice.tsx'
import { toast } from '@/ui/toaster.tsx'
import type { Booking } from './windows-page.tsx'

/** Approve, or refuse with a reason that the customer reads. */
export function DecideButtons({ booking }: { booking: Booking }) {
  return (
    <>
      <Decide booking={booking} approve={false} />
      <Decide booking={booking} approve />
    </>
  )
}

function Decide({ booking, approve }: { booking: Booking; approve: boolean }) {
  const t = useTranslations(approve ? 'windows.approve' : 'windows.refuse')
  const ui = useTranslations('ui')
  const trpc = useTRPC()
  const client = useQueryClient()
  const errorText = useErrorText()
  const [open, setOpen] = useState(false)
  const [reason, setReason] = useState('')
  const [asked, setAsked] = useState(false)
  const decide = useMutation(trpc.windows.decide.mutationOptions({
    onSuccess: () => {
      setOpen(false)
      toast.success(t('done', { wave: booking.waveName }))
    },
    onSettled: () => client.invalidateQueries({ queryKey: trpc.windows.pathKey() }),
  }))
  const missing = !approve && reason.trim() === ''
  const submit = () => {
    setAsked(true)
    if (!missing) decide.mutate({ bookingId: booking.id, approve, reason })
  }
  return (
    <Dialog
      open={open} onOpenChange={setOpen}
      title={t('title', { wave: booking.waveName })} description={t('description', { customer: booking.tenantName })}
      trigger={<Button size="sm" variant={approve ? 'primary' : 'danger'}>{t('action')}</Button>}
      footer={(
        <>
          <DialogClose asChild><Button>{ui('cancel')}</Button></DialogClose>
          <Button variant={approve ? 'primary' : 'danger'} busy={decide.isPending} onClick={submit}>{t('confirm')}</Button>
        </>
      )}
    >
      <div className="flex flex-col gap-4">
        {decide.error && <Notice tone="danger">{errorText(decide.error)}</Notice>}
        <Field label={t('reason')} hint={t('reasonHint')} error={asked && missing ? t('reasonHint') : undefined}>
          {(control) => <Textarea {...control} value={reason} maxLength={500} onChange={(event) => setReason(event.target.value)} />}
        </Field>
      </div>
    </Dialog>
  )
}
