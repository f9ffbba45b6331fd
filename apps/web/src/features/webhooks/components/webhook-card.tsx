'use client'
import { WEBHOOK_EVENT_TYPES } from '@driftless/domain'
import { useTranslations } from 'next-intl'
import type { ReactNode } from 'react'
import { Card, CardBody, CardHeader } from '@/ui/card.tsx'
import { useFormats } from '@/ui/format/use-formats.ts'
import { KeyValueList } from '@/ui/key-value.tsx'
import { Notice } from '@/ui/notice.tsx'
import { Pill } from '@/ui/pill.tsx'
import { RelativeTime } from '@/ui/relative-time.tsx'
import type { Tone } from '@/ui/tone.ts'
import { DeliveryLog } from './delivery-log.tsx'
import { EditWebhook } from './edit-webhook.tsx'
import { RotateSecret } from './rotate-secret.tsx'
import { DeleteWebhook, SendTest, SwitchWebhook } from './webhook-actions.tsx'
import type { Webhook } from './webhooks-tab.tsx'

const TONES = { working: 'success', fresh: 'neutral', failing: 'danger', off: 'neutral' } as const satisfies Record<string, Tone>

function stateOf({ disabledAt, failingSince, last }: Webhook): keyof typeof TONES {
  if (disabledAt !== null) return 'off'
  if (failingSince !== null) return 'failing'
  return last === null ? 'fresh' : 'working'
}

/** One webhook: where it goes, how it is doing, and what to do with it. */
export function WebhookCard({ webhook }: { webhook: Webhook }) {
  const t = useTranslations('webhooks')
  const { dateTime, number } = useFormats()
  const state = stateOf(webhook)
  const items = [
    { label: t('events'), value: t('eventsOf', { count: webhook.eventTypes.length, all: WEBHOOK_EVENT_TYPES.length }) },
    ...(webhook.format === 'STANDARD' ? [] : [{ label: t('form.format'), value: t(`form.formats.${webhook.format}`) }]),
    { label: t('last'), value: <LastMessage last={webhook.last} /> },
    ...(webhook.pending > 0 ? [{ label: t('waiting'), value: number(webhook.pending) }] : []),
    ...(webhook.oldSecretUntil === null ? [] : [{ label: t('oldSecret'), value: dateTime(webhook.oldSecretUntil) }]),
  ]
  return (
    <Card className="flex h-full flex-col">
      <CardHeader title={webhook.name} description={<span className="font-mono break-all">{webhook.url}</span>} actions={<Pill tone={TONES[state]}>{t(`state.${state}`)}</Pill>} />
      <CardBody className="flex flex-1 flex-col gap-4">
        <WhyNot webhook={webhook} />
        <KeyValueList items={items} />
        <div className="mt-auto flex flex-wrap gap-2">
          <DeliveryLog webhook={webhook} />
          {state !== 'off' && <SendTest webhook={webhook} />}
          <EditWebhook webhook={webhook} />
          <RotateSecret webhook={webhook} />
          <SwitchWebhook webhook={webhook} />
          <DeleteWebhook webhook={webhook} />
        </div>
      </CardBody>
    </Card>
  )
}

function LastMessage({ last }: { last: Webhook['last'] }) {
  const t = useTranslations('webhooks')
  if (last?.lastAttemptAt == null) return t('lastNever')
  const { lastAttemptAt } = last
  const at = () => <RelativeTime at={lastAttemptAt} />
  return t.rich(last.status === 'DELIVERED' ? 'lastDelivered' : 'lastFailed', { time: at })
}

function WhyNot({ webhook: { disabledAt, disabledReason, failingSince } }: { webhook: Webhook }): ReactNode {
  const t = useTranslations('webhooks')
  const { dateTime } = useFormats()
  if (disabledAt !== null) {
    const byItself = disabledReason === 'GONE' || disabledReason === 'FAILING'
    return <Notice tone={byItself ? 'danger' : 'info'}>{t(`disabled.${byItself ? disabledReason : 'PERSON'}`, { at: dateTime(disabledAt) })}</Notice>
  }
  return failingSince === null ? null : <Notice tone="warning" title={t('failing.title', { at: dateTime(failingSince) })}>{t('failing.text')}</Notice>
}
