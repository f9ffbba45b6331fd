'use client'
import { INVITATION_DAYS } from '@driftless/domain'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { UserPlus } from 'lucide-react'
import { useLocale, useTranslations } from 'next-intl'
import { useState } from 'react'
import type { FormEvent } from 'react'
import { z } from 'zod'
import { useTRPC } from '@/client/trpc.ts'
import { useErrorText } from '@/client/use-error-text.ts'
import { LOCALES } from '@/i18n/locales.ts'
import { Button } from '@/ui/button.tsx'
import { Dialog } from '@/ui/dialog.tsx'
import { Field } from '@/ui/field.tsx'
import { Input } from '@/ui/input.tsx'
import { Notice } from '@/ui/notice.tsx'
import { Select } from '@/ui/select.tsx'
import { OnceLink } from './once-link.tsx'
import { roleOf, useRoleOptions } from './role-options.ts'
import type { People } from './people-tab.tsx'

/** Asks somebody in and shows the link that lets them in, once. */
export function InvitePerson({ people }: { people: People }) {
  const t = useTranslations('people.invite')
  const [open, setOpen] = useState(false)
  return (
    <Dialog open={open} onOpenChange={setOpen} title={t('title')} description={t('description', { days: INVITATION_DAYS })} trigger={<Button variant="primary"><UserPlus aria-hidden />{t('action')}</Button>}>
      {open && <Form people={people} />}
    </Dialog>
  )
}

/** Stands for the provider itself among its customers. */
const STAFF = ''

function Form({ people }: { people: People }) {
  const t = useTranslations('people.invite')
  const trpc = useTRPC()
  const client = useQueryClient()
  const errorText = useErrorText()
  const options = useRoleOptions()
  const current = useLocale()
  const [where, setWhere] = useState(people.customers[0]?.id ?? STAFF)
  const tenantId = where === STAFF ? null : where
  const roles = options(tenantId)
  const [typed, setTyped] = useState({ name: '', email: '', role: '', locale: current })
  const [asked, setAsked] = useState(false)
  const invite = useMutation(trpc.people.invite.mutationOptions({ onSettled: () => client.invalidateQueries({ queryKey: trpc.people.list.queryKey() }) }))
  const role = roleOf(roles.some(({ value }) => value === typed.role) ? typed.role : (roles[0]?.value ?? ''))
  const isAddress = z.email().safeParse(typed.email).success
  const submit = (event: FormEvent) => {
    event.preventDefault()
    setAsked(true)
    if (role !== undefined && isAddress && typed.name.trim() !== '') invite.mutate({ ...typed, tenantId, role })
  }
  if (invite.data) return <OnceLink link={invite.data.link} mail={{ to: typed.email, sent: invite.data.mailed, possible: people.mailed }} />
  return (
    <form noValidate className="flex flex-col gap-4" onSubmit={submit}>
      {invite.error && <Notice tone="danger">{errorText(invite.error)}</Notice>}
      <Field label={t('organisation')}>
        {(control) => (
          <Select
            {...control} value={where === STAFF ? 'staff' : `customer:${where}`} onValueChange={(value) => setWhere(value === 'staff' ? STAFF : value.slice('customer:'.length))}
            options={[...people.customers.map(({ id, name }) => ({ value: `customer:${id}`, label: name })), { value: 'staff', label: t('staff', { provider: people.providerName }) }]}
          />
        )}
      </Field>
      <Field label={t('name')} error={asked && typed.name.trim() === '' ? t('nameNeeded') : undefined}>{(control) => <Input {...control} maxLength={120} autoComplete="off" value={typed.name} onChange={(event) => setTyped({ ...typed, name: event.target.value })} />}</Field>
      <Field label={t('email')} error={asked && !isAddress ? t('emailNeeded') : undefined}>{(control) => <Input {...control} type="email" maxLength={254} autoComplete="off" value={typed.email} onChange={(event) => setTyped({ ...typed, email: event.target.value })} />}</Field>
      <Field label={t('role')}>{(control) => <Select {...control} value={role ?? ''} onValueChange={(value) => setTyped({ ...typed, role: value })} options={roles} />}</Field>
      <Field label={t('language')}>
        {(control) => <Select {...control} value={typed.locale} onValueChange={(value) => setTyped({ ...typed, locale: LOCALES.find((one) => one === value) ?? current })} options={LOCALES.map((one) => ({ value: one, label: t(`languages.${one}`) }))} />}
      </Field>
      <div className="flex justify-end"><Button type="submit" variant="primary" busy={invite.isPending}>{t('submit')}</Button></div>
    </form>
  )
}
