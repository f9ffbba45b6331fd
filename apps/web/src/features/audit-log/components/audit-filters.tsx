'use client'
import { useQuery } from '@tanstack/react-query'
import { SlidersHorizontal } from 'lucide-react'
import { useTranslations } from 'next-intl'
import { useState } from 'react'
import { useTRPC } from '@/client/trpc.ts'
import { Button } from '@/ui/button.tsx'
import { cn } from '@/ui/cn.ts'
import { Field } from '@/ui/field.tsx'
import { Input } from '@/ui/input.tsx'
import { Select } from '@/ui/select.tsx'
import { Switch } from '@/ui/switch.tsx'
import { ACTOR_KINDS, SUBJECT_KINDS } from '../filters.ts'
import type { AuditSearch } from '../filters.ts'
import { useActionName } from './use-action-name.ts'

/** Radix knows no empty value. */
const ALL = 'all'

type Props = { search: AuditSearch; staff: boolean; filtered: boolean; onChange: (change: Partial<AuditSearch>) => void; onClear: () => void }

/** Narrows the log; every choice stands in the address. On a phone all but the search wait behind a button. */
export function AuditFilters({ search, staff, filtered, onChange, onClear }: Props) {
  const t = useTranslations('auditLog.filters')
  const [open, setOpen] = useState(false)
  return (
    <div role="search" className="grid grid-cols-2 gap-3 px-5 py-4 md:grid-cols-3 xl:grid-cols-6">
      <Field label={t('search')} className="col-span-2">{(control) => <Input {...control} type="search" value={search.q} maxLength={120} placeholder={t('searchHint')} onChange={(event) => onChange({ q: event.target.value })} />}</Field>
      <Button className="col-span-2 md:hidden" aria-expanded={open} onClick={() => setOpen(!open)}><SlidersHorizontal aria-hidden />{t(open ? 'fewer' : 'more')}</Button>
      <div className={cn('contents', !open && 'max-md:hidden')}>
        <WhoAndWhat search={search} staff={staff} onChange={onChange} />
        <Field label={t('address')}>{(control) => <Input {...control} inputMode="url" value={search.address} maxLength={120} placeholder={t('addressHint')} onChange={(event) => onChange({ address: event.target.value })} />}</Field>
        <Field label={t('from')}>{(control) => <Input {...control} type="date" value={search.from} max={search.to || undefined} onChange={(event) => onChange({ from: event.target.value })} />}</Field>
        <Field label={t('to')}>{(control) => <Input {...control} type="date" value={search.to} min={search.from || undefined} onChange={(event) => onChange({ to: event.target.value })} />}</Field>
        <div className={cn('col-span-2 flex items-end justify-between gap-3', !staff && 'xl:col-span-3')}>
          <label className="flex h-8.5 items-center gap-2 text-sm"><Switch checked={search.refused} onCheckedChange={(refused) => onChange({ refused })} />{t('refused')}</label>
          <Button variant="ghost" disabled={!filtered} onClick={onClear}>{t('clear')}</Button>
        </div>
      </div>
    </div>
  )
}

function WhoAndWhat({ search, staff, onChange }: Pick<Props, 'search' | 'staff' | 'onChange'>) {
  const t = useTranslations('auditLog.filters')
  const kinds = useTranslations('auditLog.kinds')
  const actors = useTranslations('auditLog.actorKinds')
  const actionName = useActionName()
  const trpc = useTRPC()
  const choices = useQuery(trpc.auditLog.choices.queryOptions()).data ?? { actors: [], actions: [] }
  const logs = useQuery(trpc.auditLog.chains.queryOptions(undefined, { enabled: staff })).data ?? []
  const withChosen = (known: readonly string[], chosen: string) => (chosen === '' || known.includes(chosen) ? known : [chosen, ...known])
  return (
    <>
      {staff && <Field label={t('log')}>{(control) => <Select {...control} value={search.log || ALL} onValueChange={(log) => onChange({ log: log === ALL ? '' : log })} options={[{ value: ALL, label: t('allLogs') }, ...logs.map(({ chain, name, own }) => ({ value: chain, label: own ? t('ownLog', { name }) : name })), ...(search.log === '' || logs.some(({ chain }) => chain === search.log) ? [] : [{ value: search.log, label: search.log }])]} />}</Field>}
      <Field label={t('by')}>{(control) => <Select {...control} value={search.by ?? ALL} onValueChange={(by) => onChange({ by: ACTOR_KINDS.find((one) => one === by) ?? null })} options={[{ value: ALL, label: t('everybody') }, ...ACTOR_KINDS.map((value) => ({ value, label: actors(value) }))]} />}</Field>
      <Field label={t('actor')}>{(control) => <Select {...control} value={search.actor || ALL} onValueChange={(actor) => onChange({ actor: actor === ALL ? '' : actor })} options={[{ value: ALL, label: t('everybody') }, ...withChosen(choices.actors, search.actor).map((value) => ({ value, label: value }))]} />}</Field>
      <Field label={t('action')}>{(control) => <Select {...control} value={search.action || ALL} onValueChange={(action) => onChange({ action: action === ALL ? '' : action })} options={[{ value: ALL, label: t('everything') }, ...withChosen(choices.actions, search.action).map((value) => ({ value, label: actionName(value) }))]} />}</Field>
      <Field label={t('kind')}>{(control) => <Select {...control} value={search.kind ?? ALL} onValueChange={(kind) => onChange({ kind: SUBJECT_KINDS.find((one) => one === kind) ?? null })} options={[{ value: ALL, label: t('anything') }, ...SUBJECT_KINDS.map((value) => ({ value, label: kinds(value) }))]} />}</Field>
    </>
  )
}
