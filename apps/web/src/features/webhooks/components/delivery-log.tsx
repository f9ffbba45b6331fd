'use client'
import { useInfiniteQuery } from '@tanstack/react-query'
import { Inbox } from 'lucide-react'
import { useTranslations } from 'next-intl'
import { useState } from 'react'
import { Loaded } from '@/client/loaded.tsx'
import { useTRPC } from '@/client/trpc.ts'
import { Button } from '@/ui/button.tsx'
import { Dialog } from '@/ui/dialog.tsx'
import { DeliveryEntry } from './delivery-entry.tsx'
import type { Webhook } from './webhooks-tab.tsx'

const REFRESH_MS = 2_000

/** What was sent to a webhook, and what became of it. */
export function DeliveryLog({ webhook }: { webhook: Webhook }) {
  const t = useTranslations('webhooks.log')
  const [open, setOpen] = useState(false)
  const { name } = webhook
  return (
    <Dialog reading className="max-w-3xl" open={open} onOpenChange={setOpen} title={t('title', { name })} description={t('description')} trigger={<Button size="sm" aria-label={t('openOf', { name })}>{t('open')}</Button>}>
      {open && <Deliveries webhook={webhook} />}
    </Dialog>
  )
}

function Deliveries({ webhook: { id, disabledAt } }: { webhook: Webhook }) {
  const t = useTranslations('webhooks.log')
  const log = useInfiniteQuery(useTRPC().webhooks.deliveries.infiniteQueryOptions({ webhookId: id }, { getNextPageParam: (page) => page.olderThan ?? undefined, refetchInterval: REFRESH_MS }))
  return (
    <Loaded query={log}>
      {({ pages }) => {
        const deliveries = pages.flatMap((page) => page.deliveries)
        if (deliveries.length === 0) return <p className="flex flex-col items-center gap-3 py-10 text-sm text-muted"><Inbox className="size-5" aria-hidden />{t('empty')}</p>
        return (
          <>
            <ul className="-mx-5 divide-y border-y">{deliveries.map((delivery) => <DeliveryEntry key={delivery.id} delivery={delivery} off={disabledAt !== null} />)}</ul>
            {log.hasNextPage && <div className="flex justify-center pt-4"><Button busy={log.isFetchingNextPage} onClick={() => void log.fetchNextPage()}>{t('older')}</Button></div>}
          </>
        )
      }}
    </Loaded>
  )
}
