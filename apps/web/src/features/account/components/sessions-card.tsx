'use client'
import { useQuery } from '@tanstack/react-query'
import { MonitorSmartphone } from 'lucide-react'
import { useTranslations } from 'next-intl'
import { Loaded } from '@/client/loaded.tsx'
import { useTRPC, useTRPCClient } from '@/client/trpc.ts'
import type { Outputs } from '@/client/trpc.ts'
import { Button } from '@/ui/button.tsx'
import { Card, CardBody, CardHeader } from '@/ui/card.tsx'
import { Confirm } from '@/ui/confirm.tsx'
import { useFormats } from '@/ui/format/use-formats.ts'
import { Pill } from '@/ui/pill.tsx'
import { RelativeTime } from '@/ui/relative-time.tsx'
import { toast } from '@/ui/toaster.tsx'
import { deviceName } from './device-name.ts'
import { useAccountChange } from './use-account-change.ts'

/** Where the person is signed in; any of it can be ended. */
export function SessionsCard() {
  const t = useTranslations('account.sessions')
  const trpc = useTRPC()
  const client = useTRPCClient()
  const query = useQuery(trpc.account.sessions.queryOptions())
  const revokeOthers = useAccountChange(() => client.account.revokeOthers.mutate(), { onDone: ({ ended }) => toast.success(t('endedOthers', { count: ended })) })
  const others = (query.data ?? []).length > 1
  return (
    <Card>
      <CardHeader
        title={<span className="inline-flex items-center gap-2"><MonitorSmartphone className="size-4 text-muted" aria-hidden />{t('title')}</span>} description={t('description')}
        actions={others && <Confirm trigger={<Button>{t('endOthers')}</Button>} title={t('endOthersTitle')} description={t('endOthersText')} action={t('endOthers')} onConfirm={() => revokeOthers.mutateAsync()} />}
      />
      <CardBody><Loaded query={query}>{(sessions) => <ul className="flex flex-col divide-y">{sessions.map((session) => <SessionRow key={session.id} session={session} />)}</ul>}</Loaded></CardBody>
    </Card>
  )
}

function SessionRow({ session }: { session: Outputs['account']['sessions'][number] }) {
  const t = useTranslations('account.sessions')
  const client = useTRPCClient()
  const formats = useFormats()
  const revoke = useAccountChange(() => client.account.revokeSession.mutate({ sessionId: session.id }), { onDone: () => toast.success(t('ended')) })
  const device = deviceName(session.userAgent) ?? t('unknownDevice')
  return (
    <li className="flex flex-wrap items-center justify-between gap-2 py-2.5 first:pt-0 last:pb-0">
      <div className="min-w-0">
        <p className="flex flex-wrap items-center gap-2 text-sm font-medium" title={session.userAgent ?? undefined}>{device}{session.isThis && <Pill tone="accent">{t('this')}</Pill>}</p>
        <p className="text-xs text-muted">
          {session.address === null ? t('unknownAddress') : session.address} · {t('by', { factors: formats.list(session.factors.map((factor) => t(`factors.${factor}`))) })} · {t('since', { at: formats.dateTime(session.createdAt) })} · {t('seen')} <RelativeTime at={session.lastSeenAt} />
        </p>
      </div>
      {!session.isThis && <Button size="sm" variant="danger" busy={revoke.isPending} aria-label={t('endOf', { device })} onClick={() => revoke.mutate()}>{t('end')}</Button>}
    </li>
  )
}
