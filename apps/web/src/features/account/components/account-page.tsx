'use client'
import { useQuery } from '@tanstack/react-query'
import { useTranslations } from 'next-intl'
import { useState } from 'react'
import { Loaded } from '@/client/loaded.tsx'
import { useTRPC } from '@/client/trpc.ts'
import type { Outputs } from '@/client/trpc.ts'
import { Button } from '@/ui/button.tsx'
import { Notice } from '@/ui/notice.tsx'
import { PageHeader } from '@/ui/page-header.tsx'
import { AppCard } from './app-card.tsx'
import { CalendarCard } from './calendar-card.tsx'
import { MailCard } from './mail-card.tsx'
import { PasskeysCard } from './passkeys-card.tsx'
import { PasswordCard } from './password-card.tsx'
import { RecoveryCard } from './recovery-card.tsx'
import { ShownCodes } from './shown-codes.tsx'
import { ConfirmIdentity } from './sensitive.tsx'
import { SessionsCard } from './sessions-card.tsx'

export type Account = Outputs['account']['read']

/** How a person signs in, and where they are signed in. While a demanded factor is missing: only how to set one up. */
export function AccountPage() {
  const t = useTranslations('account')
  const trpc = useTRPC()
  const query = useQuery(trpc.account.read.queryOptions())
  const [codes, setCodes] = useState<readonly string[] | null>(null)
  /** Restricted when the page was opened: its surroundings are, until it is loaded anew. */
  const [began, setBegan] = useState<boolean | null>(null)
  if (began === null && query.data) setBegan(query.data.restricted)
  return (
    <>
      <PageHeader title={t('title')} description={t('lead')} />
      <Loaded query={query}>
        {(account) => (
          <ConfirmIdentity account={account}>
            {account.restricted && <Notice tone="warning" title={t(`restricted.${account.policy === 'PASSKEY' ? 'PASSKEY' : 'REQUIRED'}.title`)}>{t(`restricted.${account.policy === 'PASSKEY' ? 'PASSKEY' : 'REQUIRED'}.text`)}</Notice>}
            {began === true && !account.restricted && codes === null && <Notice tone="success" title={t('unlocked.title')} actions={<Button variant="primary" onClick={() => window.location.assign('/')}>{t('unlocked.action')}</Button>}>{t('unlocked.text')}</Notice>}
            <div className="grid items-start gap-4 lg:grid-cols-2">
              <PasskeysCard account={account} onCodes={setCodes} />
              {!(account.restricted && account.policy === 'PASSKEY') && <AppCard account={account} onCodes={setCodes} />}
              {!account.restricted && <RecoveryCard account={account} onCodes={setCodes} />}
              {!account.restricted && <PasswordCard account={account} />}
            </div>
            {!account.restricted && <Told />}
            {!account.restricted && <SessionsCard />}
            {codes !== null && <ShownCodes codes={codes} onDone={() => setCodes(null)} />}
          </ConfirmIdentity>
        )}
      </Loaded>
    </>
  )
}

/** What reaches the person outside of the portal. */
function Told() {
  const trpc = useTRPC()
  const query = useQuery(trpc.account.notices.queryOptions())
  return <Loaded query={query}>{(settings) => <div className="grid items-start gap-4 lg:grid-cols-2"><MailCard settings={settings} /><CalendarCard since={settings.feedSince} /></div>}</Loaded>
}
