'use client'
import { isZone } from '@driftless/domain'
import { useTranslations } from 'next-intl'
import { useId } from 'react'
import { Field } from '@/ui/field.tsx'
import { Input } from '@/ui/input.tsx'

/** The zone by whose clocks the times are meant; typed, with all that this browser knows to choose from. */
export function ZoneField({ zone, onChange }: { zone: string; onChange: (zone: string) => void }) {
  const t = useTranslations('configure.limit')
  const known = useId()
  return (
    <Field label={t('zone')} hint={t('zoneHint')} error={isZone(zone) ? undefined : t('zoneWrong')}>
      {(control) => (
        <>
          <Input {...control} list={known} value={zone} onChange={(event) => onChange(event.target.value)} className="w-64" />
          <datalist id={known}>{Intl.supportedValuesOf('timeZone').map((one) => <option key={one} value={one} />)}</datalist>
        </>
      )}
    </Field>
  )
}
