'use client'
import { APPROVING_ROLES, LONGEST_APPROVAL_HOURS, LONGEST_APPROVAL_WAIT_MINUTES, MOST_APPROVERS_NEEDED } from '@driftless/domain'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useTranslations } from 'next-intl'
import { useState } from 'react'
import type { FormEvent } from 'react'
import { useTRPC } from '@/client/trpc.ts'
import { useErrorText } from '@/client/use-error-text.ts'
import { wholeNumber } from '@/features/plan/agreement-draft.ts'
import { Check } from '@/features/plan/components/agreement-fields.tsx'
import { Button } from '@/ui/button.tsx'
import { Dialog } from '@/ui/dialog.tsx'
import { Field } from '@/ui/field.tsx'
import { Input } from '@/ui/input.tsx'
import { Notice } from '@/ui/notice.tsx'
import { toast } from '@/ui/toaster.tsx'
import type { CustomersPolicy } from './approvals-tab.tsx'

/** Changes one customer's rule. */
export function PolicyDialog({ row }: { row: CustomersPolicy }) {
  const t = useTranslations('approvals')
  const [open, setOpen] = useState(false)
  return (
    <Dialog open={open} onOpenChange={setOpen} title={t('form.title', { tenant: row.tenantName })} description={t('form.description')} trigger={<Button size="sm" aria-label={t('changeOf', { tenant: row.tenantName })}>{t('change')}</Button>}>
      {open && <Form row={row} onDone={() => setOpen(false)} />}
    </Dialog>
  )
}

function Form({ row: { tenantId, tenantName, policy, people }, onDone }: { row: CustomersPolicy; onDone: () => void }) {
  const t = useTranslations('approvals.form')
  const words = useTranslations('approvals.words')
  const shell = useTranslations('shell.roles')
  const trpc = useTRPC()
  const client = useQueryClient()
  const errorText = useErrorText()
  const [roles, setRoles] = useState(APPROVING_ROLES.filter((role) => policy.roles.includes(role)))
  const [personIds, setPersonIds] = useState(policy.personIds.filter((id) => people.some((person) => person.id === id)))
  const [typed, setTyped] = useState({ needed: String(policy.needed), wait: String(policy.waitMinutes), expires: policy.expiresHours === null ? '' : String(policy.expiresHours) })
  const [ownRequest, setOwnRequest] = useState(policy.ownRequest)
  const [testsNeedGo, setTestsNeedGo] = useState(policy.testsNeedGo)
  const save = useMutation(trpc.approvals.setPolicy.mutationOptions({
    onSuccess: () => {
      toast.success(t('done', { tenant: tenantName }))
      onDone()
    },
    onSettled: () => client.invalidateQueries({ queryKey: trpc.approvals.pathKey() }),
  }))
  const needed = wholeNumber(typed.needed, 1, MOST_APPROVERS_NEEDED)
  const waitMinutes = wholeNumber(typed.wait, 0, LONGEST_APPROVAL_WAIT_MINUTES)
  const expiresHours = typed.expires.trim() === '' ? null : (wholeNumber(typed.expires, 1, LONGEST_APPROVAL_HOURS) ?? undefined)
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (needed !== null && waitMinutes !== null && expiresHours !== undefined) save.mutate({ tenantId, policy: { roles, personIds, needed, ownRequest, waitMinutes, expiresHours, testsNeedGo } })
  }
  const toggled = <T,>(list: readonly T[], one: T, on: boolean): T[] => (on ? [...list, one] : list.filter((other) => other !== one))
  return (
    <form noValidate className="flex flex-col gap-5" onSubmit={submit}>
      {save.error && <Notice tone="danger">{errorText(save.error)}</Notice>}
      <fieldset className="flex flex-col gap-2">
        <legend className="mb-2 text-sm font-medium">{t('roles')}</legend>
        {APPROVING_ROLES.map((role) => <Check key={role} label={words(`roles.${role}`)} checked={roles.includes(role)} onChange={(on) => setRoles(toggled(roles, role, on))} />)}
      </fieldset>
      <fieldset className="flex flex-col gap-2">
        <legend className="mb-2 text-sm font-medium">{t('people')}</legend>
        {people.length === 0 && <p className="text-xs text-muted">{t('noPeople')}</p>}
        {people.map(({ id, name, role }) => <Check key={id} label={name} hint={shell(role)} checked={personIds.includes(id)} onChange={(on) => setPersonIds(toggled(personIds, id, on))} />)}
      </fieldset>
      <Field label={t('needed')} hint={t('neededHint')} error={needed === null ? t('wrong', { least: 1, most: MOST_APPROVERS_NEEDED }) : undefined}>
        {(control) => <Input {...control} inputMode="numeric" className="w-32" value={typed.needed} onChange={(event) => setTyped({ ...typed, needed: event.target.value })} />}
      </Field>
      <Check label={t('own')} hint={t('ownHint')} checked={ownRequest} onChange={setOwnRequest} />
      <Field label={t('wait')} hint={t('waitHint')} error={waitMinutes === null ? t('wrong', { least: 0, most: LONGEST_APPROVAL_WAIT_MINUTES }) : undefined}>
        {(control) => <Input {...control} inputMode="numeric" className="w-32" value={typed.wait} onChange={(event) => setTyped({ ...typed, wait: event.target.value })} />}
      </Field>
      <Field label={t('expires')} hint={t('expiresHint')} error={expiresHours === undefined ? t('wrong', { least: 1, most: LONGEST_APPROVAL_HOURS }) : undefined}>
        {(control) => <Input {...control} inputMode="numeric" className="w-32" value={typed.expires} onChange={(event) => setTyped({ ...typed, expires: event.target.value })} />}
      </Field>
      <Check label={t('tests')} checked={testsNeedGo} onChange={setTestsNeedGo} />
      <div className="flex justify-end"><Button type="submit" variant="primary" busy={save.isPending}>{t('save')}</Button></div>
    </form>
  )
}
