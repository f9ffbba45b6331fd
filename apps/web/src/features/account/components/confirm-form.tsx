'use client'
import { startAuthentication } from '@simplewebauthn/browser'
import { useMutation } from '@tanstack/react-query'
import { KeyRound } from 'lucide-react'
import { useTranslations } from 'next-intl'
import { useState } from 'react'
import type { FormEvent } from 'react'
import { useTRPCClient } from '@/client/trpc.ts'
import { useErrorText } from '@/client/use-error-text.ts'
import { CodeForm } from '@/features/sign-in/components/code-form.tsx'
import { isPasskeyTrouble } from '@/features/sign-in/components/passkey-button.tsx'
import { Button } from '@/ui/button.tsx'
import { Field } from '@/ui/field.tsx'
import { Input } from '@/ui/input.tsx'
import { Notice } from '@/ui/notice.tsx'
import { Segmented } from '@/ui/segmented.tsx'
import type { Account } from './account-page.tsx'

type Method = 'PASSWORD' | 'TOTP' | 'PASSKEY' | 'RECOVERY_CODE'

/** With what this person can show that it is them: a second factor where there is one, else the password. */
function methodsOf({ totpSince, passkeys, recoveryCodesLeft, hasPassword, passkeysPossible }: Account): Method[] {
  if (totpSince === null && passkeys.length === 0) return hasPassword ? ['PASSWORD'] : []
  return [...(passkeys.length > 0 && passkeysPossible ? ['PASSKEY' as const] : []), ...(totpSince === null ? [] : ['TOTP' as const]), ...(recoveryCodesLeft > 0 ? ['RECOVERY_CODE' as const] : [])]
}

export function ConfirmForm({ account, onDone }: { account: Account; onDone: () => void }) {
  const t = useTranslations('account.confirm')
  const steps = useTranslations('signIn.second')
  const client = useTRPCClient()
  const errorText = useErrorText()
  const methods = methodsOf(account)
  const [chosen, setChosen] = useState(methods[0])
  const confirm = useMutation({
    mutationFn: async (text: string) => {
      if (chosen === 'PASSKEY') await client.account.confirm.mutate({ method: chosen, response: await startAuthentication({ optionsJSON: await client.account.passkeyRequest.mutate() }) })
      else if (chosen === 'PASSWORD') await client.account.confirm.mutate({ method: chosen, password: text })
      else if (chosen !== undefined) await client.account.confirm.mutate({ method: chosen, code: text })
    },
    onSuccess: onDone,
  })
  const choose = (value: string) => {
    confirm.reset()
    setChosen(methods.find((method) => method === value))
  }
  return (
    <div className="flex flex-col gap-4">
      {methods.length === 0 && <Notice>{t('signInAgain')}</Notice>}
      {methods.length > 1 && <Segmented label={steps('choose')} value={chosen ?? ''} onValueChange={choose} options={methods.map((method) => ({ value: method, label: method === 'PASSWORD' ? t('password') : steps(`steps.${method}`) }))} />}
      {confirm.error && <Notice tone={isPasskeyTrouble(confirm.error) ? 'warning' : 'danger'}>{isPasskeyTrouble(confirm.error) ? steps('notDone') : errorText(confirm.error)}</Notice>}
      {chosen === 'PASSKEY' && <Button variant="primary" size="lg" busy={confirm.isPending} onClick={() => confirm.mutate('')}><KeyRound aria-hidden />{steps('usePasskey')}</Button>}
      {(chosen === 'TOTP' || chosen === 'RECOVERY_CODE') && <CodeForm key={chosen} kind={chosen} busy={confirm.isPending} action={t('submit')} onSubmit={(code) => confirm.mutate(code)} />}
      {chosen === 'PASSWORD' && <PasswordForm busy={confirm.isPending} onSubmit={(password) => confirm.mutate(password)} />}
    </div>
  )
}

function PasswordForm({ busy, onSubmit }: { busy: boolean; onSubmit: (password: string) => void }) {
  const t = useTranslations('account.confirm')
  const [password, setPassword] = useState('')
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (password !== '') onSubmit(password)
  }
  return (
    <form noValidate className="flex flex-col gap-4" onSubmit={submit}>
      <Field label={t('password')}>{(control) => <Input {...control} type="password" autoComplete="current-password" value={password} onChange={(event) => setPassword(event.target.value)} />}</Field>
      <Button type="submit" variant="primary" size="lg" busy={busy} disabled={password === ''}>{t('submit')}</Button>
    </form>
  )
}
