'use client'
import { useMutation } from '@tanstack/react-query'
import { useTranslations } from 'next-intl'
import { useTRPC } from '@/client/trpc.ts'
import { Button } from '@/ui/button.tsx'
import { Confirm } from '@/ui/confirm.tsx'
import { useWebhookAction } from './use-webhook-action.ts'
import type { Webhook } from './webhooks-tab.tsx'

type About = { webhook: Pick<Webhook, 'id' | 'name' | 'disabledAt'> }

export function SendTest({ webhook: { id, name } }: About) {
  const t = useTranslations('webhooks.test')
  const action = useWebhookAction()
  const send = useMutation(useTRPC().webhooks.sendTest.mutationOptions({ onSuccess: () => action.done(t('done')), onError: action.failed }))
  return <Button size="sm" busy={send.isPending} aria-label={t('openOf', { name })} onClick={() => send.mutate({ webhookId: id })}>{t('open')}</Button>
}

/** Off asks first, as what waits is lost to it; on does not. */
export function SwitchWebhook({ webhook: { id, name, disabledAt } }: About) {
  const t = useTranslations('webhooks.switch')
  const action = useWebhookAction()
  const change = useMutation(useTRPC().webhooks.switch.mutationOptions({ onSuccess: (_, { on }) => action.done(t(on ? 'doneOn' : 'doneOff', { name })), onError: action.failed }))
  if (disabledAt !== null) return <Button size="sm" busy={change.isPending} aria-label={t('onOf', { name })} onClick={() => change.mutate({ webhookId: id, on: true })}>{t('on')}</Button>
  return <Confirm trigger={<Button size="sm" aria-label={t('offOf', { name })}>{t('off')}</Button>} title={t('title', { name })} description={t('description')} action={t('off')} onConfirm={() => change.mutateAsync({ webhookId: id, on: false })} />
}

export function DeleteWebhook({ webhook: { id, name } }: About) {
  const t = useTranslations('webhooks.delete')
  const action = useWebhookAction()
  const remove = useMutation(useTRPC().webhooks.delete.mutationOptions({ onSuccess: () => action.done(t('done', { name })), onError: action.failed }))
  return <Confirm danger trigger={<Button size="sm" variant="danger" aria-label={t('openOf', { name })}>{t('open')}</Button>} title={t('title', { name })} description={t('description')} action={t('open')} onConfirm={() => remove.mutateAsync({ webhookId: id })} />
}
