'use client'
import { startRegistration } from '@simplewebauthn/browser'
import { KeyRound } from 'lucide-react'
import { useTranslations } from 'next-intl'
import { useState } from 'react'
import type { FormEvent } from 'react'
import { useTRPCClient } from '@/client/trpc.ts'
import { useErrorText } from '@/client/use-error-text.ts'
import { isPasskeyTrouble } from '@/features/sign-in/components/passkey-button.tsx'
import { Button } from '@/ui/button.tsx'
import { Card, CardBody, CardHeader } from '@/ui/card.tsx'
import { Dialog } from '@/ui/dialog.tsx'
import { Field } from '@/ui/field.tsx'
import { Input } from '@/ui/input.tsx'
import { Notice } from '@/ui/notice.tsx'
import { toast } from '@/ui/toaster.tsx'
import type { Account } from './account-page.tsx'
import { PasskeyRow } from './passkey-row.tsx'
import { useAccountChange } from './use-account-change.ts'

/** The person's passkeys, and how another one is made. */
export function PasskeysCard({ account, onCodes }: { account: Account; onCodes: (codes: readonly string[]) => void }) {
  const t = useTranslations('account.passkeys')
  const [open, setOpen] = useState(false)
  const done = (codes: readonly string[] | null) => {
    setOpen(false)
    toast.success(t('added'))
    if (codes !== null) onCodes(codes)
  }
  return (
    <Card>
      <CardHeader
        title={<span className="inline-flex items-center gap-2"><KeyRound className="size-4 text-muted" aria-hidden />{t('title')}</span>} description={t('description')}
        actions={account.passkeysPossible && <Dialog open={open} onOpenChange={setOpen} title={t('add')} description={t('addDescription')} trigger={<Button variant={account.passkeys.length === 0 ? 'primary' : 'secondary'}>{t('add')}</Button>}>{open && <AddPasskey onDone={done} />}</Dialog>}
      />
      <CardBody>
        {!account.passkeysPossible && <Notice>{t('impossible')}</Notice>}
        {account.passkeys.length === 0 ? account.passkeysPossible && <p className="text-sm text-muted">{t('none')}</p> : <ul className="flex flex-col divide-y">{account.passkeys.map((passkey) => <PasskeyRow key={passkey.id} passkey={passkey} restricted={account.restricted} />)}</ul>}
      </CardBody>
    </Card>
  )
}

function AddPasskey({ onDone }: { onDone: (codes: readonly string[] | null) => void }) {
  const t = useTranslations('account.passkeys')
  const client = useTRPCClient()
  const errorText = useErrorText()
  const [name, setName] = useState('')
  const add = useAccountChange(async () => {
    const response = await startRegistration({ optionsJSON: await client.account.startPasskey.mutate() })
    return client.account.addPasskey.mutate({ name, response })
  }, { onDone: ({ recoveryCodes }) => onDone(recoveryCodes), quiet: true })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (name.trim() !== '') add.mutate()
  }
  return (
    <form noValidate className="flex flex-col gap-4" onSubmit={submit}>
      {add.error && <Notice tone={isPasskeyTrouble(add.error) ? 'warning' : 'danger'}>{isPasskeyTrouble(add.error) ? t('notMade') : errorText(add.error)}</Notice>}
      <Field label={t('name')} hint={t('nameHint')}>{(control) => <Input {...control} value={name} maxLength={60} onChange={(event) => setName(event.target.value)} />}</Field>
      <Button type="submit" variant="primary" size="lg" busy={add.isPending} disabled={name.trim() === ''}>{t('make')}</Button>
    </form>
  )
}
