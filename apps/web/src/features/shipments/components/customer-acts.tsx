'use client'
import { TRANSIT_DAYS } from '@driftless/domain'
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
import { ReasonDialog } from '@/ui/reason-dialog.tsx'
import type { Shipment } from '../shipment-types.ts'
import { transitDaysOf } from '../transit-days.ts'
import { PlaceChoice } from './place-choice.tsx'
import { useShipmentAction } from './use-shipment-action.ts'

const MINUTE_MS = 60_000

/** Now, as a date field of this browser has it. */
const localNow = () => new Date(Date.now() - new Date().getTimezoneOffset() * MINUTE_MS).toISOString().slice(0, 16)

/** The devices go to a carrier: whose, under which number, when, and with which seals. */
export function HandOver({ shipment }: { shipment: Shipment }) {
  const t = useTranslations('shipments.handOver')
  const ui = useTranslations('ui')
  const errorText = useErrorText()
  const action = useShipmentAction()
  const [open, setOpen] = useState(false)
  const [carrier, setCarrier] = useState('')
  const [trackingNumber, setTrackingNumber] = useState('')
  const [at, setAt] = useState(localNow)
  const [seals, setSeals] = useState<Readonly<Record<string, string>>>({})
  const [note, setNote] = useState('')
  const [asked, setAsked] = useState(false)
  const save = useMutation(useTRPC().shipments.handOver.mutationOptions({ onSuccess: () => { action.done(t('done')); setOpen(false) } }))
  const handedOverAt = new Date(at)
  const missing = carrier.trim() === '' || Number.isNaN(handedOverAt.getTime())
  const submit = () => {
    setAsked(true)
    if (!missing) save.mutate({ shipmentId: shipment.id, carrier, trackingNumber, handedOverAt, note, seals: shipment.devices.flatMap(({ place }) => ((seals[place] ?? '').trim() === '' ? [] : [{ place, seal: seals[place] ?? '' }])) })
  }
  return (
    <Dialog
      open={open} onOpenChange={setOpen} title={t('title')} description={t('description')} trigger={<Button variant="primary">{t('open')}</Button>}
      footer={<><DialogClose asChild><Button>{ui('cancel')}</Button></DialogClose><Button variant="primary" busy={save.isPending} onClick={submit}>{t('action')}</Button></>}
    >
      <div className="flex flex-col gap-4">
        {save.isError && <Notice tone="danger">{errorText(save.error)}</Notice>}
        <Field label={t('carrier')} error={asked && carrier.trim() === '' ? t('carrierNeeded') : undefined}>{(control) => <Input {...control} value={carrier} maxLength={100} onChange={(event) => setCarrier(event.target.value)} />}</Field>
        <Field label={t('number')} hint={t('numberHint')}>{(control) => <Input {...control} value={trackingNumber} maxLength={100} onChange={(event) => setTrackingNumber(event.target.value)} />}</Field>
        <Field label={t('at')}>{(control) => <Input {...control} type="datetime-local" value={at} max={localNow()} onChange={(event) => setAt(event.target.value)} />}</Field>
        {shipment.devices.map(({ place }) => (
          <Field key={place} label={t('seal', { place })} hint={t('sealHint')}>{(control) => <Input {...control} value={seals[place] ?? ''} maxLength={60} onChange={(event) => setSeals({ ...seals, [place]: event.target.value })} />}</Field>
        ))}
        <Field label={t('note')} hint={t('noteHint')}>{(control) => <Textarea {...control} value={note} maxLength={500} onChange={(event) => setNote(event.target.value)} />}</Field>
      </div>
    </Dialog>
  )
}

/** How long the carrier takes, when somebody knows better. */
export function ChangeDays({ shipment }: { shipment: Shipment }) {
  const t = useTranslations('shipments.days')
  const ui = useTranslations('ui')
  const action = useShipmentAction()
  const [open, setOpen] = useState(false)
  const [days, setDays] = useState(String(shipment.transitDays))
  const save = useMutation(useTRPC().shipments.changeDays.mutationOptions({ onSuccess: () => { action.done(t('done')); setOpen(false) }, onError: action.failed }))
  const { days: transitDays, wrong } = transitDaysOf(days)
  return (
    <Dialog
      open={open} onOpenChange={setOpen} title={t('title')} description={t('description')} trigger={<Button size="sm">{t('open')}</Button>}
      footer={<><DialogClose asChild><Button>{ui('cancel')}</Button></DialogClose><Button variant="primary" busy={save.isPending} disabled={wrong} onClick={() => save.mutate({ shipmentId: shipment.id, transitDays })}>{t('action')}</Button></>}
    >
      <Field label={t('label')} error={wrong ? t('wrong', TRANSIT_DAYS) : undefined}>{(control) => <Input {...control} inputMode="numeric" value={days} onChange={(event) => setDays(event.target.value)} />}</Field>
    </Dialog>
  )
}

/** Other devices, when those that were chosen have no room. */
export function ChangePlaces({ shipment }: { shipment: Shipment }) {
  const t = useTranslations('shipments.otherPlaces')
  const ui = useTranslations('ui')
  const action = useShipmentAction()
  const [open, setOpen] = useState(false)
  const [chosen, setChosen] = useState<readonly string[]>(shipment.sourcePlaces.chosen)
  const save = useMutation(useTRPC().shipments.changePlaces.mutationOptions({ onSuccess: () => { action.done(t('done')); setOpen(false) }, onError: action.failed }))
  return (
    <Dialog
      open={open} onOpenChange={setOpen} title={t('title')} description={t('description')} trigger={<Button size="sm">{t('open')}</Button>}
      footer={<><DialogClose asChild><Button>{ui('cancel')}</Button></DialogClose><Button variant="primary" busy={save.isPending} disabled={chosen.length === 0} onClick={() => save.mutate({ shipmentId: shipment.id, places: [...chosen] })}>{t('action')}</Button></>}
    >
      <PlaceChoice label={t('label')} places={shipment.sourcePlaces.offered} chosen={chosen} onChange={setChosen} shipmentId={shipment.id} />
    </Dialog>
  )
}

/** Gives a shipment up; what that means is said first. */
export function CancelShipment({ shipment }: { shipment: Shipment }) {
  const t = useTranslations('shipments.cancel')
  const errorText = useErrorText()
  const action = useShipmentAction()
  const cancel = useMutation(useTRPC().shipments.cancel.mutationOptions({ onSuccess: () => action.done(t('done')) }))
  return (
    <ReasonDialog
      title={t('title')} description={t('description')} action={t('open')} confirm={t('action')} variant="danger" size="md" label={t('reason')} hint={t('reasonHint')} required
      busy={cancel.isPending} problem={cancel.isError ? errorText(cancel.error) : null} onSubmit={(reason) => cancel.mutateAsync({ shipmentId: shipment.id, reason })}
    />
  )
}
