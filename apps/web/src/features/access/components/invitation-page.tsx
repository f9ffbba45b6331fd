'use client'
import { useMutation } from '@tanstack/react-query'
import { useTranslations } from 'next-intl'
import Link from 'next/link'
import { useEffect, useState } from 'react'
import type { FormEvent } from 'react'
import { useTRPC } from '@/client/trpc.ts'
import type { Outputs } from '@/client/trpc.ts'
import { useErrorText } from '@/client/use-error-text.ts'
import { SignOnButton } from '@/features/sign-on/components/sign-on-button.tsx'
import { Button } from '@/ui/button.tsx'
import { Field } from '@/ui/field.tsx'
import { Input } from '@/ui/input.tsx'
import { Notice } from '@/ui/notice.tsx'
import { Entrance } from './entrance.tsx'
import { isTyped, PasswordFields } from './password-fields.tsx'
import { useLinkToken } from './use-link-token.ts'

type Invitation = Outputs['access']['invitation']

/** Where the link of an invitation leads: who invites to what, and how the person wants to get in. */
export function InvitationPage({ brandName }: { brandName: string | null }) {
  const t = useTranslations('access')
  const roles = useTranslations('people.roles')
  const errorText = useErrorText()
  const trpc = useTRPC()
  const token = useLinkToken()
  const { mutate, data, error } = useMutation(trpc.access.invitation.mutationOptions())
  useEffect(() => {
    if (typeof token === 'string') mutate({ token })
  }, [token, mutate])
  const [accepted, setAccepted] = useState<string | null>(null)
  const lead = data && accepted === null ? t('invitation.lead', { inviter: data.invitedBy ?? 'nobody', provider: data.providerName, organisation: data.organisation, role: roles(data.role) }) : undefined
  return (
    <Entrance brandName={data?.providerName ?? brandName} title={t(accepted === null ? 'invitation.title' : 'invitation.doneTitle')} lead={lead}>
      {accepted !== null && <Done text={t('invitation.done', { email: accepted })} />}
      {accepted === null && token === null && <Notice tone="warning">{t('invitation.missing')}</Notice>}
      {error && <Notice tone="danger">{errorText(error)}</Notice>}
      {!data && !error && token !== null && <p role="status" className="text-sm text-muted">{t('invitation.reading')}</p>}
      {data && typeof token === 'string' && accepted === null && <Ways token={token} invitation={data} onAccepted={setAccepted} />}
    </Entrance>
  )
}

/** That it is done, and the way on. */
export function Done({ text }: { text: string }) {
  const t = useTranslations('access')
  return (
    <>
      <Notice tone="success">{text}</Notice>
      <Button asChild variant="primary" size="lg"><Link href="/sign-in">{t('signIn')}</Link></Button>
    </>
  )
}

function Ways({ token, invitation, onAccepted }: { token: string; invitation: Invitation; onAccepted: (email: string) => void }) {
  const t = useTranslations('access.invitation')
  const { connectionId, organisation } = invitation
  // Administrators of the provider keep a password, whatever their sign-on demands.
  const only = invitation.enforced && invitation.role !== 'PROVIDER_ADMIN'
  return (
    <>
      {connectionId !== null && (
        <>
          <Notice title={t('signOnTitle')}>{t(only ? 'signOnOnly' : 'signOnToo', { organisation })}</Notice>
          <SignOnButton connectionId={connectionId} primary={only}>{t('signOn', { organisation })}</SignOnButton>
        </>
      )}
      {!only && <ByPassword token={token} invitation={invitation} onAccepted={onAccepted} />}
    </>
  )
}

function ByPassword({ token, invitation, onAccepted }: { token: string; invitation: Invitation; onAccepted: (email: string) => void }) {
  const t = useTranslations('access.invitation')
  const errorText = useErrorText()
  const trpc = useTRPC()
  const [name, setName] = useState(invitation.name)
  const [typed, setTyped] = useState({ password: '', repeat: '' })
  const [asked, setAsked] = useState(false)
  const accept = useMutation(trpc.access.acceptInvitation.mutationOptions({ onSuccess: ({ email }) => onAccepted(email) }))
  const submit = (event: FormEvent) => {
    event.preventDefault()
    setAsked(true)
    if (name.trim() !== '' && isTyped(typed)) accept.mutate({ token, name, password: typed.password })
  }
  return (
    <form noValidate className="flex flex-col gap-4" onSubmit={submit}>
      {accept.error && <Notice tone="danger">{errorText(accept.error)}</Notice>}
      <Field label={t('email')}>{(control) => <Input {...control} type="email" autoComplete="username" readOnly value={invitation.email} />}</Field>
      <Field label={t('name')} error={asked && name.trim() === '' ? t('nameNeeded') : undefined}>{(control) => <Input {...control} autoComplete="name" maxLength={120} value={name} onChange={(event) => setName(event.target.value)} />}</Field>
      <PasswordFields typed={typed} asked={asked} onChange={setTyped} />
      <Button type="submit" variant="primary" size="lg" busy={accept.isPending}>{t('accept')}</Button>
    </form>
  )
}
