'use client'
import { PASSWORD_LEAST } from '@driftless/domain'
import { RectangleEllipsis } from 'lucide-react'
import { useTranslations } from 'next-intl'
import { useState } from 'react'
import type { FormEvent } from 'react'
import { useTRPCClient } from '@/client/trpc.ts'
import { useErrorText } from '@/client/use-error-text.ts'
import { Button } from '@/ui/button.tsx'
import { Card, CardBody, CardHeader } from '@/ui/card.tsx'
import { Dialog } from '@/ui/dialog.tsx'
import { Field } from '@/ui/field.tsx'
import { Input } from '@/ui/input.tsx'
import { Notice } from '@/ui/notice.tsx'
import { toast } from '@/ui/toaster.tsx'
import type { Account } from './account-page.tsx'
import { Cancelled } from './sensitive.tsx'
import { useAccountChange } from './use-account-change.ts'

/** The password, changed with the old one. */
export function PasswordCard({ account }: { account: Account }) {
  const t = useTranslations('account.password')
  const [open, setOpen] = useState(false)
  const done = () => {
    setOpen(false)
    toast.success(t('changed'))
  }
  return (
    <Card>
      <CardHeader title={<span className="inline-flex items-center gap-2"><RectangleEllipsis className="size-4 text-muted" aria-hidden />{t('title')}</span>} description={t('description')} />
      <CardBody className="flex flex-wrap items-center justify-between gap-3">
        <p className="text-sm text-muted">{t(account.hasPassword ? 'set' : 'none')}</p>
        {account.hasPassword && <Dialog open={open} onOpenChange={setOpen} title={t('change')} description={t('changeDescription')} trigger={<Button>{t('change')}</Button>}>{open && <ChangePassword email={account.email} onDone={done} />}</Dialog>}
      </CardBody>
    </Card>
  )
}

function ChangePassword({ email, onDone }: { email: string; onDone: () => void }) {
  const t = useTranslations('account.password')
  const client = useTRPCClient()
  const errorText = useErrorText()
  const [oldPassword, setOld] = useState('')
  const [newPassword, setNew] = useState('')
  const change = useAccountChange(() => client.account.changePassword.mutate({ oldPassword, newPassword }), { onDone, quiet: true })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (oldPassword !== '' && newPassword !== '') change.mutate()
  }
  return (
    <form noValidate className="flex flex-col gap-4" onSubmit={submit}>
      {change.error && !(change.error instanceof Cancelled) && <Notice tone="danger">{errorText(change.error)}</Notice>}
      {/* For password managers: whose password it is. */}
      <input type="email" autoComplete="username" value={email} readOnly hidden />
      <Field label={t('old')}>{(control) => <Input {...control} type="password" autoComplete="current-password" value={oldPassword} onChange={(event) => setOld(event.target.value)} />}</Field>
      <Field label={t('new')} hint={t('newHint', { least: PASSWORD_LEAST })}>{(control) => <Input {...control} type="password" autoComplete="new-password" value={newPassword} onChange={(event) => setNew(event.target.value)} />}</Field>
      <Button type="submit" variant="primary" size="lg" busy={change.isPending} disabled={oldPassword === '' || newPassword === ''}>{t('change')}</Button>
    </form>
  )
}
