'use client'
import { Trash2 } from 'lucide-react'
import { useTranslations } from 'next-intl'
import { Button } from '@/ui/button.tsx'
import { Field } from '@/ui/field.tsx'
import { Input } from '@/ui/input.tsx'
import { slotFault } from '../calendar-draft.ts'
import type { DraftSlot } from '../calendar-draft.ts'

/** One slot's times and what it holds. `name` tells it from others; `asked`: say what is wrong. */
export function SlotFields<Slot extends DraftSlot>({ slot, name, asked, onChange, onRemove }: { slot: Slot; name: string; asked: boolean; onChange: (slot: Slot) => void; onRemove: () => void }) {
  const t = useTranslations('configure.calendars.form')
  const fault = asked ? slotFault(slot) : null
  const field = (what: 'from' | 'lockout' | 'to' | 'cutovers' | 'mbits' | 'staff', control: { type?: string; inputMode?: 'numeric' | 'decimal'; placeholder?: string }) => (
    <Field label={t(what)}>{(attributes) => <Input {...attributes} {...control} aria-label={t('fieldOf', { field: t(what), name })} value={slot[what]} onChange={(event) => onChange({ ...slot, [what]: event.target.value })} />}</Field>
  )
  return (
    <div>
      <div className="grid grid-cols-2 items-end gap-3 sm:grid-cols-[repeat(3,minmax(7rem,1fr))_repeat(3,minmax(5rem,1fr))_auto]">
        {field('from', { type: 'time' })}
        {field('lockout', { type: 'time' })}
        {field('to', { type: 'time' })}
        {field('cutovers', { inputMode: 'numeric' })}
        {field('mbits', { inputMode: 'decimal', placeholder: t('any') })}
        {field('staff', { inputMode: 'numeric', placeholder: t('any') })}
        <Button variant="ghost" size="icon" aria-label={t('remove', { name })} onClick={onRemove}><Trash2 aria-hidden /></Button>
      </div>
      {fault !== null && <p role="alert" className="mt-1 text-xs text-danger">{t(`faults.${fault}`)}</p>}
    </div>
  )
}
