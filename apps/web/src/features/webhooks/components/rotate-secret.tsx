'use client'
import { useMutation } from '@tanstack/react-query'
import { useTranslations } from 'next-intl'
import { useId, useState } from 'react'
import { useTRPC } from '@/client/trpc.ts'
import { useErrorText } from '@/client/use-error-text.ts'
import { Button } from '@/ui/button.tsx'
import { Dialog } from '@/ui/dialog.tsx'
import { Notice } from '@/ui/notice.tsx'
import { Switch } from '@/ui/switch.tsx'
import { ShownSecret } from './shown-secret.tsx'
import { useWebhookAction } from './use-webhook-action.ts'
import type { Webhook } from './webhooks-tab.tsx'

/** Gives a webhook another signing secret and shows it, once. */
export function RotateSecret({ webhook: { id, name } }: { webhook: Webhook }) {
  const t = useTranslations('webhooks.rotate')
  const [open, setOpen] = useState(false)
  return (
    <Dialog open={open} onOpenChange={setOpen} title={t('title', { name })} description={t('description')} trigger={<Button size="sm" aria-label={t('openOf', { name })}>{t('open')}</Button>}>
      {open && <Rotation webhookId={id} />}
    </Dialog>
  )
}

function Rotation({ webhookId }: { webhookId: string }) {
  const t = useTranslations('webhooks.rotate')
  const errorText = useErrorText()
  const { refresh } = useWebhookAction()
  const [keep, setKeep] = useState(true)
  const switchId = useId()
  const rotate = useMutation(useTRPC().webhooks.rotateSecret.mutationOptions({ onSettled: refresh }))
  if (rotate.data) return <ShownSecret secret={rotate.data.secret} />
  return (
    <div className="flex flex-col gap-5">
      {rotate.error && <Notice tone="danger">{errorText(rotate.error)}</Notice>}
      <div className="flex items-start gap-3">
        <Switch id={switchId} checked={keep} onCheckedChange={setKeep} aria-describedby={`${switchId}-about`} />
        <div className="min-w-0 text-sm">
          <label htmlFor={switchId} className="font-medium">{t('keep')}</label>
          <p id={`${switchId}-about`} className="mt-0.5 text-xs text-muted">{t('keepHint')}</p>
        </div>
      </div>
      <div className="flex justify-end"><Button variant="primary" busy={rotate.isPending} onClick={() => rotate.mutate({ webhookId, endOld: !keep })}>{t('action')}</Button></div>
    </div>
  )
}
