'use client'
import { LONGEST_REASON, MOST_BLACKOUTS, MOST_EXCEPTIONS, MOST_PATTERNS } from '@driftless/domain'
import { Plus, Trash2 } from 'lucide-react'
import { useTranslations } from 'next-intl'
import type { ReactNode } from 'react'
import { Button } from '@/ui/button.tsx'
import { Field } from '@/ui/field.tsx'
import { Input } from '@/ui/input.tsx'
import { blackoutFault, newSlot, nextKey } from '../calendar-draft.ts'
import type { DraftBlackout, DraftException, DraftPattern } from '../calendar-draft.ts'
import { DayToggles } from './day-toggles.tsx'
import { SlotFields } from './slot-fields.tsx'

type LinesProps<Line> = { lines: readonly Line[]; asked: boolean; onChange: (lines: readonly Line[]) => void }

function changeIn<Line extends { readonly key: number }>(lines: readonly Line[], changed: Line): Line[] {
  return lines.map((line) => (line.key === changed.key ? changed : line))
}

/** Slots that come every week. */
export function PatternLines({ lines, asked, onChange }: LinesProps<DraftPattern>) {
  const t = useTranslations('configure.calendars.form')
  return (
    <Lines title={t('patterns')} hint={t('patternsHint')} add={t('addPattern')} onAdd={lines.length < MOST_PATTERNS ? () => onChange([...lines, { ...newSlot(nextKey(lines)), days: [] }]) : null}>
      {lines.map((line, at) => {
        const name = t('pattern', { number: at + 1 })
        return (
          <fieldset key={line.key} className="flex flex-col gap-3 rounded-lg border p-3">
            <legend className="px-1 text-xs font-medium text-muted">{name}</legend>
            <DayToggles label={t('daysOf', { name })} days={line.days} onChange={(days) => onChange(changeIn(lines, { ...line, days }))} />
            {asked && line.days.length === 0 && <p role="alert" className="text-xs text-danger">{t('faults.days')}</p>}
            <SlotFields slot={line} name={name} asked={asked} onChange={(changed) => onChange(changeIn(lines, changed))} onRemove={() => onChange(lines.filter(({ key }) => key !== line.key))} />
          </fieldset>
        )
      })}
    </Lines>
  )
}

/** Dates with slots of their own, or none. */
export function ExceptionLines({ lines, asked, onChange }: LinesProps<DraftException>) {
  const t = useTranslations('configure.calendars.form')
  return (
    <Lines title={t('exceptions')} hint={t('exceptionsHint')} add={t('addException')} onAdd={lines.length < MOST_EXCEPTIONS ? () => onChange([...lines, { key: nextKey(lines), date: '', reason: '', slots: [] }]) : null}>
      {lines.map((line, at) => {
        const name = t('exception', { number: at + 1 })
        const change = (changed: Partial<DraftException>) => onChange(changeIn(lines, { ...line, ...changed }))
        return (
          <fieldset key={line.key} className="flex flex-col gap-3 rounded-lg border p-3">
            <legend className="px-1 text-xs font-medium text-muted">{name}</legend>
            <div className="flex flex-wrap items-end gap-3">
              <Field label={t('date')} error={asked && line.date === '' ? t('faults.date') : undefined}>{(control) => <Input {...control} type="date" value={line.date} onChange={(event) => change({ date: event.target.value })} className="w-40" />}</Field>
              <Field label={t('reasonMaybe')} className="flex-1 basis-48">{(control) => <Input {...control} maxLength={LONGEST_REASON} value={line.reason} onChange={(event) => change({ reason: event.target.value })} />}</Field>
              <Remove label={t('remove', { name })} onRemove={() => onChange(lines.filter(({ key }) => key !== line.key))} />
            </div>
            {line.slots.length === 0 && <p className="text-xs text-muted">{t('closed')}</p>}
            {line.slots.map((slot, index) => <SlotFields key={slot.key} slot={slot} name={t('slotOf', { name, number: index + 1 })} asked={asked} onChange={(changed) => change({ slots: changeIn(line.slots, changed) })} onRemove={() => change({ slots: line.slots.filter(({ key }) => key !== slot.key) })} />)}
            <div><Button size="sm" onClick={() => change({ slots: [...line.slots, newSlot(nextKey(line.slots))] })}><Plus aria-hidden />{t('addSlot')}</Button></div>
          </fieldset>
        )
      })}
    </Lines>
  )
}

/** When nothing may be booked, by the clocks of `zone`. */
export function BlackoutLines({ lines, asked, zone, onChange }: LinesProps<DraftBlackout> & { zone: string }) {
  const t = useTranslations('configure.calendars.form')
  return (
    <Lines title={t('blackouts')} hint={t('blackoutsHint', { zone })} add={t('addBlackout')} onAdd={lines.length < MOST_BLACKOUTS ? () => onChange([...lines, { key: nextKey(lines), from: '', to: '', reason: '' }]) : null}>
      {lines.map((line, at) => {
        const name = t('blackout', { number: at + 1 })
        const fault = asked ? blackoutFault(line, zone) : null
        const change = (changed: Partial<DraftBlackout>) => onChange(changeIn(lines, { ...line, ...changed }))
        return (
          <fieldset key={line.key} className="rounded-lg border p-3">
            <legend className="px-1 text-xs font-medium text-muted">{name}</legend>
            <div className="flex flex-wrap items-end gap-3">
              <Field label={t('begins')}>{(control) => <Input {...control} type="datetime-local" value={line.from} onChange={(event) => change({ from: event.target.value })} className="w-52" />}</Field>
              <Field label={t('ends')}>{(control) => <Input {...control} type="datetime-local" value={line.to} onChange={(event) => change({ to: event.target.value })} className="w-52" />}</Field>
              <Field label={t('reason')} className="flex-1 basis-40">{(control) => <Input {...control} maxLength={LONGEST_REASON} value={line.reason} onChange={(event) => change({ reason: event.target.value })} />}</Field>
              <Remove label={t('remove', { name })} onRemove={() => onChange(lines.filter(({ key }) => key !== line.key))} />
            </div>
            {fault !== null && <p role="alert" className="mt-1 text-xs text-danger">{t(fault === 'times' ? 'faults.blackout' : 'faults.reason')}</p>}
          </fieldset>
        )
      })}
    </Lines>
  )
}

function Lines({ title, hint, add, onAdd, children }: { title: string; hint: string; add: string; onAdd: (() => void) | null; children: ReactNode }) {
  return (
    <section className="flex flex-col gap-3">
      <div>
        <h3 className="text-sm font-medium">{title}</h3>
        <p className="text-xs text-muted">{hint}</p>
      </div>
      {children}
      {onAdd !== null && <div><Button size="sm" onClick={onAdd}><Plus aria-hidden />{add}</Button></div>}
    </section>
  )
}

function Remove({ label, onRemove }: { label: string; onRemove: () => void }) {
  return <Button variant="ghost" size="icon" aria-label={label} onClick={onRemove} className="ml-auto"><Trash2 aria-hidden /></Button>
}
