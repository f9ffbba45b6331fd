'use client'
import { LifeBuoy } from 'lucide-react'
import { useTranslations } from 'next-intl'
import { useTRPCClient } from '@/client/trpc.ts'
import { Button } from '@/ui/button.tsx'
import { Card, CardBody, CardHeader } from '@/ui/card.tsx'
import { Confirm } from '@/ui/confirm.tsx'
import { Pill } from '@/ui/pill.tsx'
import type { Account } from './account-page.tsx'
import { useAccountChange } from './use-account-change.ts'

/** So few are left that new ones had better be made. */
const FEW = 3

/** How many recovery codes are left, and how new ones are made. */
export function RecoveryCard({ account, onCodes }: { account: Account; onCodes: (codes: readonly string[]) => void }) {
  const t = useTranslations('account.recovery')
  const client = useTRPCClient()
  const renew = useAccountChange(() => client.account.renewRecoveryCodes.mutate(), { onDone: ({ recoveryCodes }) => onCodes(recoveryCodes) })
  const hasFactor = account.totpSince !== null || account.passkeys.length > 0
  return (
    <Card>
      <CardHeader
        title={<span className="inline-flex items-center gap-2"><LifeBuoy className="size-4 text-muted" aria-hidden />{t('title')}</span>} description={t('description')}
        actions={hasFactor && <Pill tone={account.recoveryCodesLeft <= FEW ? 'warning' : 'success'}>{t('left', { count: account.recoveryCodesLeft })}</Pill>}
      />
      <CardBody className="flex flex-wrap items-center justify-between gap-3">
        <p className="text-sm text-muted">{t(hasFactor ? 'each' : 'noFactor')}</p>
        {hasFactor && <Confirm trigger={<Button>{t('renew')}</Button>} title={t('renewTitle')} description={t('renewText')} action={t('renew')} onConfirm={() => renew.mutateAsync()} />}
      </CardBody>
    </Card>
  )
}
