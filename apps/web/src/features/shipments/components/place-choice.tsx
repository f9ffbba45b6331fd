'use client'
import { HardDrive } from 'lucide-react'
import { useTranslations } from 'next-intl'
import { Checkbox } from '@/ui/checkbox.tsx'
import { useFormats } from '@/ui/format/use-formats.ts'
import { Label } from '@/ui/field.tsx'
import { Pill } from '@/ui/pill.tsx'

export type OfferedPlace = { readonly name: string; readonly freeBytes: number; readonly totalBytes: number; readonly shipmentIds: readonly string[] }

/** Folders or devices at an agent, to be chosen in the order in which they are used. `shipmentId`: marks those on which it lies already. */
export function PlaceChoice({ label, places, chosen, onChange, shipmentId }: { label: string; places: readonly OfferedPlace[]; chosen: readonly string[]; onChange: (chosen: string[]) => void; shipmentId: string | null }) {
  const t = useTranslations('shipments.places')
  const { bytes, number } = useFormats()
  if (places.length === 0) return <p className="text-sm text-muted">{t('none')}</p>
  return (
    <fieldset className="flex flex-col gap-2">
      <legend className="mb-1.5 text-sm font-medium">{label}</legend>
      {places.map(({ name, freeBytes, totalBytes, shipmentIds }) => {
        const at = chosen.indexOf(name)
        return (
          <Label key={name} className="flex cursor-pointer flex-wrap items-center gap-3 rounded-lg border px-3 py-2.5 font-normal hover:bg-sunken/50">
            <Checkbox checked={at >= 0} onCheckedChange={(on) => onChange(on === true ? [...chosen, name] : chosen.filter((one) => one !== name))} />
            <HardDrive className="size-4 text-muted" aria-hidden />
            <span className="min-w-24 flex-1 basis-24 font-medium break-words">{name}</span>
            {at >= 0 && chosen.length > 1 && <Pill tone="accent">{t('order', { place: number(at + 1) })}</Pill>}
            {shipmentId !== null && shipmentIds.includes(shipmentId) && <Pill tone="success">{t('holds')}</Pill>}
            {shipmentId !== null && !shipmentIds.includes(shipmentId) && shipmentIds.length > 0 && <Pill tone="warning">{t('holdsOther')}</Pill>}
            <span className="text-xs text-muted tabular-nums">{t('free', { free: bytes(freeBytes), total: bytes(totalBytes) })}</span>
          </Label>
        )
      })}
    </fieldset>
  )
}
