'use client'
import { useTranslations } from 'next-intl'
import { useState } from 'react'
import type { FormEvent } from 'react'
import { Button } from '@/ui/button.tsx'
import { Field } from '@/ui/field.tsx'
import { Input } from '@/ui/input.tsx'

/** A code of an authenticator app, or a recovery code. */
export function CodeForm({ kind, busy, action, onSubmit }: { kind: 'TOTP' | 'RECOVERY_CODE'; busy: boolean; action: string; onSubmit: (code: string) => void }) {
  const t = useTranslations('signIn.code')
  const [code, setCode] = useState('')
  const app = kind === 'TOTP'
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (code.trim() !== '') onSubmit(code)
  }
  return (
    <form noValidate className="flex flex-col gap-4" onSubmit={submit}>
      <Field label={t(app ? 'app' : 'recovery')} hint={t(app ? 'appHint' : 'recoveryHint')}>
        {(control) => <Input {...control} value={code} onChange={(event) => setCode(event.target.value)} autoComplete={app ? 'one-time-code' : 'off'} {...(app ? { inputMode: 'numeric' as const } : {})} maxLength={app ? 7 : 30} spellCheck={false} className="font-mono tracking-wider" />}
      </Field>
      <Button type="submit" variant="primary" size="lg" busy={busy} disabled={code.trim() === ''}>{action}</Button>
    </form>
  )
}
