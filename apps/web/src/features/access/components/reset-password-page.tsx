'use client'
import { useMutation } from '@tanstack/react-query'
import { useTranslations } from 'next-intl'
import Link from 'next/link'
import { useState } from 'react'
import type { FormEvent } from 'react'
import { useTRPC } from '@/client/trpc.ts'
import { useErrorText } from '@/client/use-error-text.ts'
import { Button } from '@/ui/button.tsx'
import { Notice } from '@/ui/notice.tsx'
import { Entrance } from './entrance.tsx'
import { Done } from './invitation-page.tsx'
import { isTyped, PasswordFields } from './password-fields.tsx'
import { useLinkToken } from './use-link-token.ts'

/** Where the link to a new password leads. */
export function ResetPasswordPage({ brandName }: { brandName: string | null }) {
  const t = useTranslations('access.reset')
  const errorText = useErrorText()
  const trpc = useTRPC()
  const token = useLinkToken()
  const [typed, setTyped] = useState({ password: '', repeat: '' })
  const [asked, setAsked] = useState(false)
  const reset = useMutation(trpc.access.resetPassword.mutationOptions())
  const submit = (event: FormEvent) => {
    event.preventDefault()
    setAsked(true)
    if (typeof token === 'string' && isTyped(typed)) reset.mutate({ token, password: typed.password })
  }
  if (reset.data) return <Entrance brandName={brandName} title={t('doneTitle')}><Done text={t('done', { email: reset.data.email })} /></Entrance>
  return (
    <Entrance brandName={brandName} title={t('title')} lead={t('lead')}>
      {token === null && <Notice tone="warning" actions={<Button asChild size="sm"><Link href="/forgot-password">{t('again')}</Link></Button>}>{t('missing')}</Notice>}
      {reset.error && <Notice tone="danger">{errorText(reset.error)}</Notice>}
      {token !== null && (
        <form noValidate className="flex flex-col gap-4" onSubmit={submit}>
          <PasswordFields typed={typed} asked={asked} onChange={setTyped} />
          <Button type="submit" variant="primary" size="lg" busy={reset.isPending}>{t('submit')}</Button>
        </form>
      )}
    </Entrance>
  )
}
