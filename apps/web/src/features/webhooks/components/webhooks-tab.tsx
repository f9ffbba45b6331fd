'use client'
import { useQuery } from '@tanstack/react-query'
import { Webhook as WebhookIcon } from 'lucide-react'
import { useTranslations } from 'next-intl'
import { Loaded } from '@/client/loaded.tsx'
import { useTRPC } from '@/client/trpc.ts'
import type { Outputs } from '@/client/trpc.ts'
import { Card } from '@/ui/card.tsx'
import { EmptyState } from '@/ui/empty-state.tsx'
import { CreateWebhook } from './create-webhook.tsx'
import { WebhookCard } from './webhook-card.tsx'

export type Webhook = Outputs['webhooks']['list'][number]
/** A test message has come back by then. */
const REFRESH_MS = 3_000

/** Who is told of events, and how that goes. */
export function WebhooksTab({ staff }: { staff: boolean }) {
  const t = useTranslations('webhooks')
  const query = useQuery(useTRPC().webhooks.list.queryOptions(undefined, { refetchInterval: REFRESH_MS }))
  return (
    <Loaded query={query}>
      {(webhooks) => (
        <div className="flex flex-col gap-4">
          {/* It stands in one place, whether there are any or not: its dialog shows a secret once, while the first one appears behind it. */}
          <div className="flex flex-wrap items-center justify-between gap-3">
            <p className="max-w-2xl min-w-0 flex-1 basis-72 text-sm text-muted">{t(staff ? 'descriptionStaff' : 'description')}</p>
            <CreateWebhook />
          </div>
          {webhooks.length === 0
            ? <Card><EmptyState icon={WebhookIcon} title={t('empty.title')} description={t('empty.description')} /></Card>
            : <ul className="grid gap-4 lg:grid-cols-2">{webhooks.map((webhook) => <li key={webhook.id} className="min-w-0"><WebhookCard webhook={webhook} /></li>)}</ul>}
        </div>
      )}
    </Loaded>
  )
}
