'use client'
import { useMutation } from '@tanstack/react-query'
import { useTranslations } from 'next-intl'
import { useState } from 'react'
import { useTRPC } from '@/client/trpc.ts'
import { useErrorText } from '@/client/use-error-text.ts'
import { Button } from '@/ui/button.tsx'
import { Checkbox } from '@/ui/checkbox.tsx'
import { Dialog, DialogClose } from '@/ui/dialog.tsx'
import { Field, Label } from '@/ui/field.tsx'
import { Textarea } from '@/ui/input.tsx'
import { Notice } from '@/ui/notice.tsx'
import { ReasonDialog } from '@/ui/reason-dialog.tsx'
import type { Shipment } from '../shipment-types.ts'
import { PlaceChoice } from './place-choice.tsx'
import { useShipmentAction } from './use-shipment-action.ts'

/** The devices are here; in which state goes into the custody record. */
export function Receive({ shipment }: { shipment: Shipment }) {
  const t = useTranslations('shipments.receive')
  const ui = useTranslations('ui')
  const errorText = useErrorText()
  const action = useShipmentAction()
  const [open, setOpen] = useState(false)
  const [sealsIntact, setSealsIntact] = useState(false)
  const [note, setNote] = useState('')
  const [asked, setAsked] = useState(false)
  const sealed = shipment.devices.some(({ seal }) => seal !== null)
  // Others read that seals were broken: they want to know how.
  const noWord = sealed && !sealsIntact && note.trim() === ''
  const submit = () => {
    setAsked(true)
    if (!noWord) save.mutate({ shipmentId: shipment.id, sealsIntact: sealed ? sealsIntact : true, note })
  }
  const save = useMutation(useTRPC().shipments.receive.mutationOptions({ onSuccess: () => { action.done(t('done')); setOpen(false) } }))
  return (
    <Dialog
      open={open} onOpenChange={setOpen} title={t('title')} description={t('description')} trigger={<Button variant="primary">{t('open')}</Button>}
      footer={<><DialogClose asChild><Button>{ui('cancel')}</Button></DialogClose><Button variant="primary" busy={save.isPending} onClick={submit}>{t('action')}</Button></>}
    >
      <div className="flex flex-col gap-4">
        {save.isError && <Notice tone="danger">{errorText(save.error)}</Notice>}
        <ul className="divide-y rounded-lg border text-sm">
          {shipment.devices.map(({ place, seal }) => <li key={place} className="flex flex-wrap justify-between gap-2 px-3 py-2"><span className="font-medium break-all">{place}</span><span className="text-muted">{seal === null ? t('noSeal') : t('seal', { seal })}</span></li>)}
        </ul>
        {sealed && <Label className="flex items-center gap-2.5 font-normal"><Checkbox checked={sealsIntact} onCheckedChange={(on) => setSealsIntact(on === true)} />{t('intact')}</Label>}
        {sealed && !sealsIntact && <Notice tone="info">{t('notIntact')}</Notice>}
        <Field label={t('note')} hint={t('noteHint')} error={asked && noWord ? t('noteNeeded') : undefined}>{(control) => <Textarea {...control} value={note} maxLength={500} onChange={(event) => setNote(event.target.value)} />}</Field>
      </div>
    </Dialog>
  )
}

/** Received too early, or others taken for them: they count as on their way again. */
export function DenyReceipt({ shipment }: { shipment: Shipment }) {
  const t = useTranslations('shipments.denyReceipt')
  const errorText = useErrorText()
  const action = useShipmentAction()
  const deny = useMutation(useTRPC().shipments.denyReceipt.mutationOptions({ onSuccess: () => action.done(t('done')) }))
  return (
    <ReasonDialog
      title={t('title')} description={t('description')} action={t('open')} confirm={t('action')} variant="primary" size="md" label={t('reason')} hint={t('reasonHint')} required
      busy={deny.isPending} problem={deny.isError ? errorText(deny.error) : null} onSubmit={(reason) => deny.mutateAsync({ shipmentId: shipment.id, reason })}
    />
  )
}

/** From which places the devices are read; said again after a refusal, it is tried anew. */
export function ImportDevices({ shipment, again }: { shipment: Shipment; again: boolean }) {
  const t = useTranslations('shipments.import')
  const ui = useTranslations('ui')
  const errorText = useErrorText()
  const action = useShipmentAction()
  const offered = shipment.targetPlaces?.offered ?? []
  const found = offered.filter(({ shipmentIds }) => shipmentIds.includes(shipment.id)).map(({ name }) => name)
  const [open, setOpen] = useState(false)
  const [picked, setPicked] = useState<readonly string[] | null>(null)
  const chosen = picked ?? (found.length > 0 ? found : (shipment.targetPlaces?.chosen ?? []))
  const save = useMutation(useTRPC().shipments.import.mutationOptions({ onSuccess: () => { action.done(t('done')); setOpen(false) } }))
  return (
    <Dialog
      open={open} onOpenChange={setOpen} title={t('title')} description={t('description')} trigger={<Button variant="primary">{t(again ? 'again' : 'open')}</Button>}
      footer={<><DialogClose asChild><Button>{ui('cancel')}</Button></DialogClose><Button variant="primary" busy={save.isPending} disabled={chosen.length === 0} onClick={() => save.mutate({ shipmentId: shipment.id, places: [...chosen] })}>{t('action')}</Button></>}
    >
      <div className="flex flex-col gap-4">
        {save.isError && <Notice tone="danger">{errorText(save.error)}</Notice>}
        {offered.length > 0 && found.length < shipment.devices.length && <Notice tone="warning">{t('seen', { found: found.length, all: shipment.devices.length })}</Notice>}
        {offered.length === 0 ? <Notice tone="warning" title={t('noPlaces')}>{t('noPlacesHint')}</Notice> : <PlaceChoice label={t('label')} places={offered} chosen={chosen} onChange={setPicked} shipmentId={shipment.id} />}
      </div>
    </Dialog>
  )
}
