'use client'
import { useTranslations } from 'next-intl'
import { useState } from 'react'
import { Field } from '@/ui/field.tsx'
import { Input } from '@/ui/input.tsx'
import { Segmented } from '@/ui/segmented.tsx'
import { Select } from '@/ui/select.tsx'

const PRESETS_SECONDS = { '10min': 600, '1h': 3_600, '4h': 14_400, '24h': 86_400 } as const
const UNIT_SECONDS = { s: 1, min: 60, h: 3_600, d: 86_400 } as const
type Unit = keyof typeof UNIT_SECONDS
const isPreset = (value: string): value is keyof typeof PRESETS_SECONDS => value in PRESETS_SECONDS
const isUnit = (value: string): value is Unit => value in UNIT_SECONDS
export const DEFAULT_DURATION_SECONDS = PRESETS_SECONDS['24h']

/** How long to observe: a preset, or any length from 10 seconds on. Answers whole seconds, NaN where the field holds none. */
export function DurationChoice({ seconds, onChange, error }: { seconds: number; onChange: (seconds: number) => void; error: string | undefined }) {
  const t = useTranslations('estimate.start')
  const [preset, setPreset] = useState(() => Object.entries(PRESETS_SECONDS).find(([, length]) => length === seconds)?.[0] ?? 'custom')
  const [amount, setAmount] = useState('30')
  const [unit, setUnit] = useState<Unit>('s')
  const custom = (nextAmount: string, nextUnit: Unit) => onChange(nextAmount.trim() === '' ? Number.NaN : Math.round(Number(nextAmount) * UNIT_SECONDS[nextUnit]))
  const choose = (next: string) => {
    setPreset(next)
    if (isPreset(next)) onChange(PRESETS_SECONDS[next])
    else custom(amount, unit)
  }
  return (
    <div className="flex flex-col gap-2">
      <span className="text-sm font-medium" aria-hidden>{t('duration')}</span>
      <Segmented label={t('duration')} value={preset} onValueChange={choose} options={[...Object.keys(PRESETS_SECONDS).filter(isPreset).map((value) => ({ value, label: t(`presets.${value}`) })), { value: 'custom', label: t('presets.custom') }]} className="self-start" />
      {preset === 'custom' && (
        <div className="flex flex-wrap items-start gap-2">
          <Field label={t('customLength')} error={error} className="w-36">
            {(control) => <Input {...control} type="number" inputMode="decimal" min={0} step="any" value={amount} onChange={(event) => { setAmount(event.target.value); custom(event.target.value, unit) }} />}
          </Field>
          <Field label={t('customUnit')} className="w-36">
            {(control) => <Select {...control} value={unit} onValueChange={(next) => { if (isUnit(next)) { setUnit(next); custom(amount, next) } }} options={Object.keys(UNIT_SECONDS).filter(isUnit).map((value) => ({ value, label: t(`units.${value}`) }))} />}
          </Field>
        </div>
      )}
      <p className="text-xs text-muted">{t('durationHint')}</p>
    </div>
  )
}
