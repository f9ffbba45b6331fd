'use client'
import { MOST_RATE_RULES } from '@driftless/domain'
import { Plus, Trash2 } from 'lucide-react'
import { useTranslations } from 'next-intl'
import { Button } from '@/ui/button.tsx'
import { Field } from '@/ui/field.tsx'
import { Input } from '@/ui/input.tsx'
import { faultOf, newLine } from '../schedule-draft.ts'
import type { DraftLine } from '../schedule-draft.ts'
import { DayToggles } from './day-toggles.tsx'

/** The lines of a timetable: days, two times, a rate. `asked`: say what is wrong. */
export function ScheduleLines({ lines, asked, onChange }: { lines: readonly DraftLine[]; asked: boolean; onChange: (lines: DraftLine[]) => void }) {
  const t = useTranslations('configure.limit')
  const add = () => onChange([...lines, newLine(Math.max(0, ...lines.map(({ key }) => key)) + 1)])
  return (
    <div className="flex flex-col gap-3">
      {lines.map((line, index) => (
        <Line
          key={line.key} line={line} number={index + 1} fault={asked ? faultOf(line) : null}
          onChange={(changed) => onChange(lines.map((one) => (one.key === line.key ? changed : one)))} onRemove={() => onChange(lines.filter((one) => one.key !== line.key))}
        />
      ))}
      {lines.length < MOST_RATE_RULES && <div><Button size="sm" onClick={add}><Plus aria-hidden />{t('add')}</Button></div>}
    </div>
  )
}

function Line({ line, number, fault, onChange, onRemove }: { line: DraftLine; number: number; fault: ReturnType<typeof faultOf>; onChange: (line: DraftLine) => void; onRemove: () => void }) {
  const t = useTranslations('configure.limit')
  return (
    <fieldset className="rounded-lg border p-3">
      <legend className="px-1 text-xs font-medium text-muted">{t('line', { number })}</legend>
      <DayToggles label={t('days', { number })} days={line.days} onChange={(days) => onChange({ ...line, days })} />
      {fault === 'days' && <p role="alert" className="mt-1 text-xs text-danger">{t('daysNeeded')}</p>}
      <div className="mt-3 flex flex-wrap items-end gap-3">
        <Field label={t('from')}>{(control) => <Input {...control} type="time" value={line.from} onChange={(event) => onChange({ ...line, from: event.target.value })} className="w-33" />}</Field>
        <Field label={t('to')}>{(control) => <Input {...control} type="time" value={line.to} onChange={(event) => onChange({ ...line, to: event.target.value })} className="w-33" />}</Field>
        <Field label={t('rate')}>{(control) => <Input {...control} inputMode="decimal" placeholder={t('none')} value={line.mbits} onChange={(event) => onChange({ ...line, mbits: event.target.value })} className="w-33" />}</Field>
        <Button variant="ghost" size="icon" aria-label={t('remove', { number })} onClick={onRemove} className="ml-auto"><Trash2 aria-hidden /></Button>
      </div>
      {(fault === 'times' || fault === 'rate') && <p role="alert" className="mt-1 text-xs text-danger">{t(fault === 'times' ? 'timesNeeded' : 'wrong')}</p>}
    </fieldset>
  )
}
