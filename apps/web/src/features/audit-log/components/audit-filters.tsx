'use client'
import { useQuery } from '@tanstack/react-query'
import { useTranslations } from 'next-intl'
import { useTRPC } from '@/client/trpc.ts'
import { Button } from '@/ui/button.tsx'
import { Field } from '@/ui/field.tsx'
import { Input } from '@/ui/input.tsx'
import { Select } from '@/ui/select.tsx'
import { SUBJECT_KINDS } from '../filters.ts'
import type { AuditSearch } from '../filters.ts'
import { useActionName } from './use-action-name.ts'

/** Radix knows no empty value. */
const ALL = 'all'

/** Narrows the log; every choice stands in the address. */
export function AuditFilters({ search, filtered, onChange, onClear }: { search: AuditSearch; filtered: boolean; onChange: (change: Partial<AuditSearch>) => void; onClear: () => void }) {
  const t = useTranslations('auditLog.filters')
  const kinds = useTranslations('auditLog.kinds')
  const actionName = useActionName()
  const trpc = useTRPC()
  const choices = useQuery(trpc.auditLog.choices.queryOptions()).data ?? { actors: [], actions: [] }
  const withChosen = (known: readonly string[], chosen: string) => (chosen === '' || known.includes(chosen) ? known : [chosen, ...known])
  return (
    <div role="search" className="grid grid-cols-2 gap-3 px-5 py-4 md:grid-cols-3 xl:grid-cols-[2fr_1fr_1fr_1fr_auto_auto_auto]">
      <Field label={t('search')} className="col-span-2 md:col-span-1">{(control) => <Input {...control} type="search" value={search.q} maxLength={120} placeholder={t('searchHint')} onChange={(event) => onChange({ q: event.target.value })} />}</Field>
      <Field label={t('actor')}>{(control) => <Select {...control} value={search.actor || ALL} onValueChange={(actor) => onChange({ actor: actor === ALL ? '' : actor })} options={[{ value: ALL, label: t('everybody') }, ...withChosen(choices.actors, search.actor).map((value) => ({ value, label: value }))]} />}</Field>
      <Field label={t('action')}>{(control) => <Select {...control} value={search.action || ALL} onValueChange={(action) => onChange({ action: action === ALL ? '' : action })} options={[{ value: ALL, label: t('everything') }, ...withChosen(choices.actions, search.action).map((value) => ({ value, label: actionName(value) }))]} />}</Field>
      <Field label={t('kind')}>{(control) => <Select {...control} value={search.kind ?? ALL} onValueChange={(kind) => onChange({ kind: SUBJECT_KINDS.find((one) => one === kind) ?? null })} options={[{ value: ALL, label: t('anything') }, ...SUBJECT_KINDS.map((value) => ({ value, label: kinds(value) }))]} />}</Field>
      <Field label={t('from')}>{(control) => <Input {...control} type="date" value={search.from} max={search.to || undefined} onChange={(event) => onChange({ from: event.target.value })} />}</Field>
      <Field label={t('to')}>{(control) => <Input {...control} type="date" value={search.to} min={search.from || undefined} onChange={(event) => onChange({ to: event.target.value })} />}</Field>
      <div className="flex items-end"><Button variant="ghost" disabled={!filtered} onClick={onClear}>{t('clear')}</Button></div>
    </div>
  )
}
