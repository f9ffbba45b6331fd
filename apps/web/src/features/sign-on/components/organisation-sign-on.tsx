'use client'
import { useMutation } from '@tanstack/react-query'
import { Building2 } from 'lucide-react'
import { useTranslations } from 'next-intl'
import Link from 'next/link'
import { useState } from 'react'
import type { FormEvent } from 'react'
import { z } from 'zod'
import { useTRPC } from '@/client/trpc.ts'
import { useErrorText } from '@/client/use-error-text.ts'
import { Button } from '@/ui/button.tsx'
import { Field } from '@/ui/field.tsx'
import { Input } from '@/ui/input.tsx'
import { Notice } from '@/ui/notice.tsx'
import { startSignOn } from './start-sign-on.ts'

/** Below the sign-in form: the ways in for who has no password here, or no longer knows it. */
export function OrganisationSignOn() {
  const t = useTranslations('signOn.start')
  const [open, setOpen] = useState(false)
  return (
    <div className="mt-3 flex flex-col gap-4">
      {open ? <Find onBack={() => setOpen(false)} /> : <Button size="lg" onClick={() => setOpen(true)}><Building2 aria-hidden />{t('action')}</Button>}
      <Link href="/forgot-password" className="self-center text-sm text-accent hover:underline">{t('forgot')}</Link>
    </div>
  )
}

function Find({ onBack }: { onBack: () => void }) {
  const t = useTranslations('signOn.start')
  const errorText = useErrorText()
  const trpc = useTRPC()
  const [email, setEmail] = useState('')
  const [problem, setProblem] = useState<'emailNeeded' | 'none' | 'failed' | null>(null)
  const [leaving, setLeaving] = useState(false)
  const find = useMutation(trpc.access.findSignOn.mutationOptions({
    onSuccess: async ({ connectionId }) => {
      if (connectionId === null) return setProblem('none')
      setLeaving(true)
      if (await startSignOn(connectionId)) return
      setLeaving(false)
      setProblem('failed')
    },
  }))
  const submit = (event: FormEvent) => {
    event.preventDefault()
    const right = z.email().safeParse(email).success
    setProblem(right ? null : 'emailNeeded')
    if (right) find.mutate({ email })
  }
  return (
    <form noValidate className="flex flex-col gap-4" onSubmit={submit}>
      {find.error && <Notice tone="danger">{errorText(find.error)}</Notice>}
      {(problem === 'none' || problem === 'failed') && <Notice tone="warning">{t(problem)}</Notice>}
      <Field label={t('email')} error={problem === 'emailNeeded' ? t('emailNeeded') : undefined}>{(control) => <Input {...control} type="email" autoComplete="username" maxLength={254} value={email} onChange={(event) => setEmail(event.target.value)} />}</Field>
      <Button type="submit" variant="primary" size="lg" busy={find.isPending || leaving}>{t('continue')}</Button>
      <Button variant="link" onClick={onBack}>{t('back')}</Button>
    </form>
  )
}
