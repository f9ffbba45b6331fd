'use client'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useTranslations } from 'next-intl'
import { useState } from 'react'
import type { FormEvent } from 'react'
import { useTRPC } from '@/client/trpc.ts'
import { useErrorText } from '@/client/use-error-text.ts'
import { roleOf, useRoleOptions } from '@/features/people/components/role-options.ts'
import { Button } from '@/ui/button.tsx'
import { Confirm } from '@/ui/confirm.tsx'
import { CopyBox } from '@/ui/copy-box.tsx'
import { Dialog } from '@/ui/dialog.tsx'
import { Field } from '@/ui/field.tsx'
import { Input } from '@/ui/input.tsx'
import { Notice } from '@/ui/notice.tsx'
import { Select } from '@/ui/select.tsx'
import { Switch } from '@/ui/switch.tsx'
import { toast } from '@/ui/toaster.tsx'
import type { SignOn } from './sign-on-tab.tsx'

/** Connects an organisation's server, or changes how. */
export function EditSignOn({ signOn }: { signOn: SignOn }) {
  const t = useTranslations('signOn')
  const [open, setOpen] = useState(false)
  const { name } = signOn
  const isNew = signOn.connection === null
  return (
    <Dialog
      className="max-w-xl" open={open} onOpenChange={setOpen} title={t('form.title', { name })} description={t('form.description')}
      trigger={<Button size="sm" aria-label={t(isNew ? 'connectOf' : 'changeOf', { name })}>{t(isNew ? 'connect' : 'change')}</Button>}
    >
      {open && <Form signOn={signOn} onDone={() => setOpen(false)} />}
    </Dialog>
  )
}

/** Stands for no role at all. */
const NOBODY = 'NOBODY'

function Form({ signOn, onDone }: { signOn: SignOn; onDone: () => void }) {
  const t = useTranslations('signOn.form')
  const trpc = useTRPC()
  const client = useQueryClient()
  const errorText = useErrorText()
  const options = useRoleOptions()
  const { connection, tenantId, name } = signOn
  const [typed, setTyped] = useState({ issuer: connection?.issuer ?? '', clientId: connection?.clientId ?? '', clientSecret: '', domains: connection?.domains.join(', ') ?? '', role: connection?.defaultRole ?? NOBODY, enforced: connection?.enforced ?? false })
  const [asked, setAsked] = useState(false)
  const settled = { onSettled: () => client.invalidateQueries({ queryKey: trpc.signOn.list.queryKey() }) }
  const save = useMutation(trpc.signOn.save.mutationOptions({ ...settled, onSuccess: () => { toast.success(t('saved', { name })); onDone() } }))
  const remove = useMutation(trpc.signOn.remove.mutationOptions({ ...settled, onError: (error) => void toast.error(errorText(error)), onSuccess: () => { toast.success(t('removed', { name })); onDone() } }))
  const domains = typed.domains.split(/[\s,;]+/).filter(Boolean)
  const missing = {
    issuer: !URL.canParse(typed.issuer), clientId: typed.clientId.trim() === '', clientSecret: connection === null && typed.clientSecret === '', domains: domains.length === 0,
  }
  const submit = (event: FormEvent) => {
    event.preventDefault()
    setAsked(true)
    if (Object.values(missing).includes(true)) return
    const { issuer, clientId, clientSecret, role, enforced } = typed
    save.mutate({ tenantId, issuer, clientId, domains, enforced, defaultRole: roleOf(role) ?? null, ...(clientSecret === '' ? {} : { clientSecret }) })
  }
  const change = (changed: Partial<typeof typed>) => setTyped({ ...typed, ...changed })
  return (
    <form noValidate className="flex flex-col gap-4" onSubmit={submit}>
      <CopyBox label={t('callback')} text={signOn.callbackUrl} copy={t('copy')} copied={t('copied')} />
      <Field label={t('issuer')} hint={t('issuerHint')} error={asked && missing.issuer ? t('issuerNeeded') : undefined}>{(control) => <Input {...control} type="url" spellCheck={false} maxLength={500} value={typed.issuer} onChange={(event) => change({ issuer: event.target.value })} />}</Field>
      <Test issuer={typed.issuer} />
      <Field label={t('clientId')} error={asked && missing.clientId ? t('clientIdNeeded') : undefined}>{(control) => <Input {...control} spellCheck={false} autoComplete="off" maxLength={300} value={typed.clientId} onChange={(event) => change({ clientId: event.target.value })} />}</Field>
      <Field label={t('clientSecret')} hint={connection === null ? undefined : t('secretKept')} error={asked && missing.clientSecret ? t('secretNeeded') : undefined}>{(control) => <Input {...control} type="password" autoComplete="new-password" maxLength={500} value={typed.clientSecret} onChange={(event) => change({ clientSecret: event.target.value })} />}</Field>
      <Field label={t('domains')} hint={t('domainsHint')} error={asked && missing.domains ? t('domainsNeeded') : undefined}>{(control) => <Input {...control} spellCheck={false} value={typed.domains} onChange={(event) => change({ domains: event.target.value })} />}</Field>
      <Field label={t('defaultRole')} hint={t('defaultHint')}>{(control) => <Select {...control} value={typed.role} onValueChange={(role) => change({ role: roleOf(role) ?? NOBODY })} options={[{ value: NOBODY, label: t('nobody') }, ...options(tenantId)]} />}</Field>
      <Field label={t('enforced')} hint={t('enforcedHint')}>{({ 'aria-invalid': _, ...control }) => <Switch {...control} checked={typed.enforced} onCheckedChange={(enforced) => change({ enforced })} />}</Field>
      {save.error && <Notice tone="danger">{errorText(save.error)}</Notice>}
      <div className="flex flex-wrap justify-between gap-2">
        {connection === null ? <span /> : (
          <Confirm danger title={t('removeTitle', { name })} description={t('removeDescription')} action={t('remove')} trigger={<Button variant="danger">{t('remove')}</Button>} onConfirm={() => remove.mutateAsync({ tenantId })} />
        )}
        <Button type="submit" variant="primary" busy={save.isPending}>{t('save')}</Button>
      </div>
    </form>
  )
}

/** Asks the server before anything is saved. */
function Test({ issuer }: { issuer: string }) {
  const t = useTranslations('signOn.form')
  const trpc = useTRPC()
  const errorText = useErrorText()
  const test = useMutation(trpc.signOn.test.mutationOptions())
  return (
    <div className="flex flex-col gap-3">
      <div><Button size="sm" disabled={!URL.canParse(issuer)} busy={test.isPending} onClick={() => test.mutate({ issuer })}>{t('test')}</Button></div>
      {test.error && <Notice tone="danger">{errorText(test.error)}</Notice>}
      {test.data && <Notice tone="success">{t('tested', { host: new URL(test.data.authorization).host })}</Notice>}
    </div>
  )
}
