'use client'
import { WEBHOOK_EVENT_TYPES } from '@driftless/domain'
import { useMutation } from '@tanstack/react-query'
import { Plus } from 'lucide-react'
import { useLocale, useTranslations } from 'next-intl'
import { useState } from 'react'
import { useTRPC } from '@/client/trpc.ts'
import { Button } from '@/ui/button.tsx'
import { Dialog } from '@/ui/dialog.tsx'
import { ShownSecret } from './shown-secret.tsx'
import { useWebhookAction } from './use-webhook-action.ts'
import { WebhookForm } from './webhook-form.tsx'

/** Adds a webhook and shows its secret, once. */
export function CreateWebhook() {
  const t = useTranslations('webhooks.create')
  const [open, setOpen] = useState(false)
  return (
    <Dialog className="max-w-2xl" open={open} onOpenChange={setOpen} title={t('title')} description={t('description')} trigger={<Button variant="primary"><Plus aria-hidden />{t('open')}</Button>}>
      {open && <Creation />}
    </Dialog>
  )
}

function Creation() {
  const t = useTranslations('webhooks.create')
  const locale = useLocale()
  const { refresh } = useWebhookAction()
  const create = useMutation(useTRPC().webhooks.create.mutationOptions({ onSettled: refresh }))
  if (create.data) return <ShownSecret secret={create.data.secret} />
  return <WebhookForm draft={{ name: '', url: '', eventTypes: WEBHOOK_EVENT_TYPES, format: 'STANDARD', language: locale === 'fr' ? 'fr' : 'en' }} action={t('action')} busy={create.isPending} error={create.error} onSubmit={(draft) => create.mutate(draft)} />
}
