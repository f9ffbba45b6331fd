'use client'
import { TRANSIT_DAYS } from '@driftless/domain'
import { useMutation, useQuery } from '@tanstack/react-query'
import { Truck } from 'lucide-react'
import Link from 'next/link'
import { useTranslations } from 'next-intl'
import { useState } from 'react'
import { useTRPC } from '@/client/trpc.ts'
import type { Outputs } from '@/client/trpc.ts'
import { useErrorText } from '@/client/use-error-text.ts'
import { useMay } from '@/features/session/components/person-context.tsx'
import { Button } from '@/ui/button.tsx'
import { Checkbox } from '@/ui/checkbox.tsx'
import { Dialog, DialogClose } from '@/ui/dialog.tsx'
import { Field, Label } from '@/ui/field.tsx'
import { useFormats } from '@/ui/format/use-formats.ts'
import { Input } from '@/ui/input.tsx'
import { Notice } from '@/ui/notice.tsx'
import { transitDaysOf } from '../transit-days.ts'
import { PlaceChoice } from './place-choice.tsx'
import { ShipmentPill } from './shipment-pill.tsx'
import { useShipmentAction } from './use-shipment-action.ts'

type OfWave = Outputs['shipments']['ofWave']
const REFRESH_MS = 10_000

/** Of a wave: the way to its shipment, or the offer to send VMs by device whose first copy is not done. Nothing where no agent has a place for seeds. */
export function WaveShipment({ waveId }: { waveId: string }) {
  const t = useTranslations('shipments.wave')
  const ships = useMay('ship-disks')
  const found = useQuery(useTRPC().shipments.ofWave.queryOptions({ waveId }, { refetchInterval: REFRESH_MS })).data
  if (!found) return null
  if (found.shipment !== null) return <Button asChild><Link href={`/shipments/${found.shipment.id}`}><Truck aria-hidden />{t('open')}<ShipmentPill status={found.shipment.status} late={false} /></Link></Button>
  if (!ships || found.vms.length === 0 || found.offer === null || found.offer.places.length === 0 || !found.offer.targetTakes) return null
  return <SendByDevice waveId={waveId} vms={found.vms} offer={found.offer} />
}

function SendByDevice({ waveId, vms, offer }: { waveId: string; vms: OfWave['vms']; offer: NonNullable<OfWave['offer']> }) {
  const t = useTranslations('shipments.send')
  const ui = useTranslations('ui')
  const { bytes } = useFormats()
  const errorText = useErrorText()
  const action = useShipmentAction()
  const [open, setOpen] = useState(false)
  const [leftOut, setLeftOut] = useState<ReadonlySet<string>>(new Set())
  const [places, setPlaces] = useState<readonly string[]>([])
  const [days, setDays] = useState(String(TRANSIT_DAYS.usual))
  const begin = useMutation(useTRPC().shipments.begin.mutationOptions({ onSuccess: () => { action.done(t('done')); setOpen(false) } }))
  const chosen = vms.filter(({ migrationId }) => !leftOut.has(migrationId))
  const { days: transitDays, wrong } = transitDaysOf(days)
  const toggle = (migrationId: string, on: boolean) => setLeftOut((before) => new Set(on ? [...before].filter((one) => one !== migrationId) : [...before, migrationId]))
  return (
    <Dialog
      open={open} onOpenChange={setOpen} title={t('title')} description={t('description')} trigger={<Button><Truck aria-hidden />{t('open')}</Button>}
      footer={<><DialogClose asChild><Button>{ui('cancel')}</Button></DialogClose><Button variant="primary" busy={begin.isPending} disabled={chosen.length === 0 || places.length === 0 || wrong} onClick={() => begin.mutate({ waveId, migrationIds: chosen.map(({ migrationId }) => migrationId), places: [...places], transitDays })}>{t('action')}</Button></>}
    >
      <div className="flex flex-col gap-5">
        {begin.isError && <Notice tone="danger">{errorText(begin.error)}</Notice>}
        <fieldset className="flex flex-col gap-2">
          <legend className="mb-1.5 text-sm font-medium">{t('vms')}</legend>
          {vms.map(({ migrationId, name, usedBytes }) => (
            <Label key={migrationId} className="flex cursor-pointer items-center gap-3 font-normal">
              <Checkbox checked={!leftOut.has(migrationId)} onCheckedChange={(on) => toggle(migrationId, on === true)} />
              <span className="min-w-0 flex-1 break-all">{name}</span><span className="text-xs text-muted tabular-nums">{bytes(usedBytes)}</span>
            </Label>
          ))}
        </fieldset>
        <PlaceChoice label={t('places', { bytes: bytes(chosen.reduce((sum, { usedBytes }) => sum + usedBytes, 0)) })} places={offer.places} chosen={places} onChange={setPlaces} shipmentId={null} />
        <Field label={t('days')} error={wrong ? t('wrongDays', { least: TRANSIT_DAYS.least, most: TRANSIT_DAYS.most }) : undefined}>{(control) => <Input {...control} inputMode="numeric" value={days} onChange={(event) => setDays(event.target.value)} />}</Field>
      </div>
    </Dialog>
  )
}
