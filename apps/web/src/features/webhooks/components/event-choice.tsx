'use client'
import { WEBHOOK_EVENT_TYPES } from '@driftless/domain'
import { useTranslations } from 'next-intl'
import { useId } from 'react'
import type { ReactNode } from 'react'
import { Checkbox } from '@/ui/checkbox.tsx'
import { GROUPS } from '../event-groups.ts'
import { useEventName } from './use-event-name.ts'

/** The events, by what they are about, each for itself or a group at once. */
export function EventChoice({ chosen, onChange, error }: { chosen: ReadonlySet<string>; onChange: (chosen: ReadonlySet<string>) => void; error: string | undefined }) {
  const t = useTranslations('webhooks')
  const nameOf = useEventName()
  const toggle = (types: readonly string[], on: boolean) => onChange(new Set(on ? [...chosen, ...types] : [...chosen].filter((type) => !types.includes(type))))
  return (
    <fieldset className="flex min-w-0 flex-col gap-3">
      <legend className="mb-1.5 text-sm font-medium">{t('form.events')}</legend>
      <Choice types={WEBHOOK_EVENT_TYPES} chosen={chosen} onToggle={toggle}><span className="font-medium">{t('form.all')}</span></Choice>
      <div className="grid gap-x-6 gap-y-4 rounded-lg border p-4 sm:grid-cols-2">
        {GROUPS.map(({ group, types }) => (
          <div key={group} role="group" aria-label={t(`groups.${group}`)} className="flex min-w-0 flex-col gap-1.5">
            <Choice types={types} chosen={chosen} onToggle={toggle}><span className="font-medium">{t(`groups.${group}`)}</span></Choice>
            {types.length > 1 && <div className="flex flex-col gap-1.5 pl-6.5">{types.map((type) => <Choice key={type} types={[type]} chosen={chosen} onToggle={toggle}>{nameOf(type)}</Choice>)}</div>}
          </div>
        ))}
      </div>
      {error !== undefined && <p role="alert" className="text-xs text-danger">{error}</p>}
    </fieldset>
  )
}

function Choice({ types, chosen, onToggle, children }: { types: readonly string[]; chosen: ReadonlySet<string>; onToggle: (types: readonly string[], on: boolean) => void; children: ReactNode }) {
  const id = useId()
  const count = types.filter((type) => chosen.has(type)).length
  const state = count === types.length ? true : count === 0 ? false : 'indeterminate'
  return (
    <div className="flex items-center gap-2.5 text-sm">
      <Checkbox id={id} checked={state} onCheckedChange={() => onToggle(types, state !== true)} />
      <label htmlFor={id} className="min-w-0">{children}</label>
    </div>
  )
}
