'use client'
import { useMutation } from '@tanstack/react-query'
import { useTranslations } from 'next-intl'
import { useState } from 'react'
import { useTRPC } from '@/client/trpc.ts'
import { Button } from '@/ui/button.tsx'
import { Dialog } from '@/ui/dialog.tsx'
import { useWebhookAction } from './use-webhook-action.ts'
import { WebhookForm } from './webhook-form.tsx'
import type { Webhook } from './webhooks-tab.tsx'

/** Changes a webhook's name, address and events. */
export function EditWebhook({ webhook }: { webhook: Webhook }) {
  const t = useTranslations('webhooks.edit')
  const [open, setOpen] = useState(false)
  const { name } = webhook
  return (
    <Dialog className="max-w-2xl" open={open} onOpenChange={setOpen} title={t('title', { name })} trigger={<Button size="sm" aria-label={t('openOf', { name })}>{t('open')}</Button>}>
      {open && <Editing webhook={webhook} onDone={() => setOpen(false)} />}
    </Dialog>
  )
}

function Editing({ webhook, onDone }: { webhook: Webhook; onDone: () => void }) {
  const t = useTranslations('webhooks.edit')
  const action = useWebhookAction()
  const edit = useMutation(useTRPC().webhooks.edit.mutationOptions({
    onSuccess: (_, { name }) => {
      action.done(t('done', { name }))
      onDone()
    },
  }))
  return <WebhookForm draft={webhook} action={t('action')} busy={edit.isPending} error={edit.error} onSubmit={(draft) => edit.mutate({ webhookId: webhook.id, ...draft })} />
}
