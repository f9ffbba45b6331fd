'use client'
import { PASSWORD_RESET_MINUTES } from '@driftless/domain'
import { useMutation } from '@tanstack/react-query'
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
import { Entrance } from './entrance.tsx'

/** Asks for a link to a new password; where no mails are sent, says who can make one. */
export function ForgotPasswordPage({ brandName, mails }: { brandName: string | null; mails: boolean }) {
  const t = useTranslations('access.forgot')
  return (
    <Entrance brandName={brandName} title={t('title')} {...(mails ? { lead: t('lead', { minutes: PASSWORD_RESET_MINUTES }) } : {})}>
      {mails ? <Ask /> : <Notice tone="info" title={t('noMailTitle')}>{brandName === null ? t('noMailPlain') : t('noMail', { provider: brandName })}</Notice>}
      <Link href="/sign-in" className="text-sm text-accent hover:underline">{t('back')}</Link>
    </Entrance>
  )
}

function Ask() {
  const t = useTranslations('access.forgot')
  const errorText = useErrorText()
  const trpc = useTRPC()
  const [email, setEmail] = useState('')
  const [asked, setAsked] = useState(false)
  const send = useMutation(trpc.access.forgotPassword.mutationOptions())
  const right = z.email().safeParse(email).success
  const submit = (event: FormEvent) => {
    event.preventDefault()
    setAsked(true)
    if (right) send.mutate({ email })
  }
  if (send.data) return <Notice tone="success" title={t('sentTitle')}>{t('sent', { email })}</Notice>
  return (
    <form noValidate className="flex flex-col gap-4" onSubmit={submit}>
      {send.error && <Notice tone="danger">{errorText(send.error)}</Notice>}
      <Field label={t('email')} error={asked && !right ? t('emailNeeded') : undefined}>{(control) => <Input {...control} type="email" autoComplete="username" maxLength={254} value={email} onChange={(event) => setEmail(event.target.value)} />}</Field>
      <Button type="submit" variant="primary" size="lg" busy={send.isPending}>{t('submit')}</Button>
    </form>
  )
}
