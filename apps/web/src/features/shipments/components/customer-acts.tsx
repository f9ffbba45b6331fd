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
import { Input } from '@/ui/input.tsx'
import { ReasonDialog } from '@/ui/reason-dialog.tsx'
import type { Shipment } from '../shipment-types.ts'
import { transitDaysOf } from '../transit-days.ts'
import { PlaceChoice } from './place-choice.tsx'
import { useShipmentAction } from './use-shipment-action.ts'

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
      open={open} onOpenChange={(next) => { if (next) setDays(String(shipment.transitDays)); setOpen(next) }} title={t('title')} description={t('description')} trigger={<Button size="sm">{t('open')}</Button>}
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
      open={open} onOpenChange={(next) => { if (next) setChosen(shipment.sourcePlaces.chosen); setOpen(next) }} title={t('title')} description={t('description')} trigger={<Button size="sm">{t('open')}</Button>}
      footer={<><DialogClose asChild><Button>{ui('cancel')}</Button></DialogClose><Button variant="primary" busy={save.isPending} disabled={chosen.length === 0} onClick={() => save.mutate({ shipmentId: shipment.id, places: [...chosen] })}>{t('action')}</Button></>}
    >
      <PlaceChoice label={t('label')} places={shipment.sourcePlaces.offered} chosen={chosen} onChange={setChosen} shipmentId={shipment.id} />
    </Dialog>
  )
}

/** The devices are back: given to the wrong lorry, or sent back by the carrier. */
export function TakeBack({ shipment }: { shipment: Shipment }) {
  const t = useTranslations('shipments.takeBack')
  const errorText = useErrorText()
  const action = useShipmentAction()
  const takeBack = useMutation(useTRPC().shipments.takeBack.mutationOptions({ onSuccess: () => action.done(t('done')) }))
  return (
    <ReasonDialog
      title={t('title')} description={t('description')} action={t('open')} confirm={t('action')} variant="primary" label={t('reason')} hint={t('reasonHint')} required
      busy={takeBack.isPending} problem={takeBack.isError ? errorText(takeBack.error) : null} onSubmit={(reason) => takeBack.mutateAsync({ shipmentId: shipment.id, reason })}
    />
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
