'use client'
import { ArrowDown, ArrowUp } from 'lucide-react'
import { useTranslations } from 'next-intl'
import { Button } from '@/ui/button.tsx'
import { Checkbox } from '@/ui/checkbox.tsx'
import { Field } from '@/ui/field.tsx'
import { Input } from '@/ui/input.tsx'
import { moved } from '../view/what-if.ts'
import type { WhatIf as Trial } from '../view/what-if.ts'
import type { Reading } from './estimate-detail-page.tsx'

/** Which VMs take part, in which order, and how many are copied at once. */
export function WhatIfVms({ reading, trial, onChange }: { reading: Reading; trial: Trial; onChange: (part: Partial<Trial>) => void }) {
  const t = useTranslations('estimate.whatIf')
  const names = new Map(reading.vms.map(({ id, name }) => [id, name]))
  const taking = trial.order.filter((id) => !trial.without.includes(id)).length
  return (
    <div className="flex flex-col gap-3">
      <fieldset className="flex min-w-0 flex-col gap-1.5">
        <legend className="mb-1.5 text-sm font-medium">{t('vms')}</legend>
        <ol className="max-h-64 divide-y overflow-y-auto rounded-lg border" tabIndex={0} aria-label={t('vms')}>
          {trial.order.map((id, index) => {
            const name = names.get(id) ?? id
            const part = !trial.without.includes(id)
            return (
              <li key={id} className="flex items-center gap-3 px-3 py-1.5 text-sm">
                <Checkbox checked={part} aria-label={t('takesPart', { vm: name })} onCheckedChange={(checked) => onChange({ without: checked === true ? trial.without.filter((one) => one !== id) : [...trial.without, id] })} />
                <span className={part ? 'min-w-0 flex-1 truncate' : 'min-w-0 flex-1 truncate text-muted line-through'}>{name}</span>
                <Button size="sm" variant="ghost" disabled={index === 0} aria-label={t('up', { vm: name })} onClick={() => onChange({ order: moved(trial.order, id, -1) })}><ArrowUp aria-hidden /></Button>
                <Button size="sm" variant="ghost" disabled={index === trial.order.length - 1} aria-label={t('down', { vm: name })} onClick={() => onChange({ order: moved(trial.order, id, 1) })}><ArrowDown aria-hidden /></Button>
              </li>
            )
          })}
        </ol>
      </fieldset>
      <Field label={t('atOnce')} hint={t('atOnceHint')}>
        {(control) => <Input {...control} type="number" inputMode="numeric" min={1} max={taking} step={1} className="w-28" value={trial.copiesAtOnce ?? taking} onChange={(event) => { const typed = event.target.valueAsNumber; onChange({ copiesAtOnce: Number.isInteger(typed) && typed >= 1 && typed < taking ? typed : null }) }} />}
      </Field>
    </div>
  )
}
