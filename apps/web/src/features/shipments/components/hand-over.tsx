'use client'
import { useMutation } from '@tanstack/react-query'
import { useTranslations } from 'next-intl'
import { useState } from 'react'
import { useTRPC } from '@/client/trpc.ts'
import { useErrorText } from '@/client/use-error-text.ts'
import { Button } from '@/ui/button.tsx'
import { Dialog, DialogClose } from '@/ui/dialog.tsx'
import { Field } from '@/ui/field.tsx'
import { Input, Textarea } from '@/ui/input.tsx'
import { Notice } from '@/ui/notice.tsx'
import type { Shipment } from '../shipment-types.ts'
import { useShipmentAction } from './use-shipment-action.ts'

const MINUTE_MS = 60_000

/** An instant as a date field of this browser has it. */
const localTime = (at: Date) => new Date(at.getTime() - at.getTimezoneOffset() * MINUTE_MS).toISOString().slice(0, 16)

type Words = { readonly carrier: string; readonly trackingNumber: string; readonly at: string; readonly seals: Readonly<Record<string, string>>; readonly note: string }

/** What stands there when the dialog opens: nothing and now, or what was said before. */
function wordsOf({ carrier, trackingNumber, handedOverAt, devices }: Shipment, correct: boolean): Words {
  if (!correct) return { carrier: '', trackingNumber: '', at: localTime(new Date()), seals: {}, note: '' }
  return { carrier: carrier ?? '', trackingNumber: trackingNumber ?? '', at: localTime(handedOverAt ?? new Date()), seals: Object.fromEntries(devices.map(({ place, seal }) => [place, seal ?? ''])), note: '' }
}

/** The devices go to a carrier: whose, under which number, when, and with which seals. With `correct` what was said of that is put right, which needs a reason. */
export function HandOver({ shipment, correct = false }: { shipment: Shipment; correct?: boolean }) {
  const t = useTranslations('shipments.handOver')
  const own = useTranslations(correct ? 'shipments.correct' : 'shipments.handOver')
  const ui = useTranslations('ui')
  const errorText = useErrorText()
  const action = useShipmentAction()
  const [open, setOpen] = useState(false)
  const [words, setWords] = useState<Words>(() => wordsOf(shipment, correct))
  const [asked, setAsked] = useState(false)
  const trpc = useTRPC()
  const after = { onSuccess: () => { action.done(own('done')); setOpen(false) } }
  const handOver = useMutation(trpc.shipments.handOver.mutationOptions(after))
  const correctIt = useMutation(trpc.shipments.correct.mutationOptions(after))
  const save = correct ? correctIt : handOver
  const { carrier, trackingNumber, at, seals, note } = words
  const change = (some: Partial<Words>) => setWords({ ...words, ...some })
  const handedOverAt = new Date(at)
  const noReason = correct && note.trim() === ''
  const missing = carrier.trim() === '' || Number.isNaN(handedOverAt.getTime()) || noReason
  const submit = () => {
    setAsked(true)
    if (!missing) save.mutate({ shipmentId: shipment.id, carrier, trackingNumber, handedOverAt, note, seals: shipment.devices.flatMap(({ place }) => ((seals[place] ?? '').trim() === '' ? [] : [{ place, seal: seals[place] ?? '' }])) })
  }
  return (
    <Dialog
      // What was typed before, and the time of it, is of another moment.
      open={open} onOpenChange={(next) => { if (next) { setWords(wordsOf(shipment, correct)); setAsked(false); save.reset() } setOpen(next) }}
      title={own('title')} description={own('description')} trigger={<Button size={correct ? 'sm' : 'md'} variant={correct ? 'secondary' : 'primary'}>{own('open')}</Button>}
      footer={<><DialogClose asChild><Button>{ui('cancel')}</Button></DialogClose><Button variant="primary" busy={save.isPending} onClick={submit}>{own('action')}</Button></>}
    >
      <div className="flex flex-col gap-4">
        {save.isError && <Notice tone="danger">{errorText(save.error)}</Notice>}
        <Field label={t('carrier')} error={asked && carrier.trim() === '' ? t('carrierNeeded') : undefined}>{(control) => <Input {...control} value={carrier} maxLength={100} onChange={(event) => change({ carrier: event.target.value })} />}</Field>
        <Field label={t('number')} hint={t('numberHint')}>{(control) => <Input {...control} value={trackingNumber} maxLength={100} onChange={(event) => change({ trackingNumber: event.target.value })} />}</Field>
        <Field label={t('at')}>{(control) => <Input {...control} type="datetime-local" value={at} max={localTime(new Date())} onChange={(event) => change({ at: event.target.value })} />}</Field>
        {shipment.devices.map(({ place }) => (
          <Field key={place} label={t('seal', { place })} hint={t('sealHint')}>{(control) => <Input {...control} value={seals[place] ?? ''} maxLength={60} onChange={(event) => change({ seals: { ...seals, [place]: event.target.value } })} />}</Field>
        ))}
        <Field label={own('note')} hint={own('noteHint')} error={asked && noReason ? own('noteHint') : undefined}>{(control) => <Textarea {...control} value={note} maxLength={500} onChange={(event) => change({ note: event.target.value })} />}</Field>
      </div>
    </Dialog>
  )
}
