'use client'
import { WEBHOOK_FAILURES } from '@driftless/domain'
import { useMutation } from '@tanstack/react-query'
import { ChevronRight } from 'lucide-react'
import { useTranslations } from 'next-intl'
import { useState } from 'react'
import { useTRPC } from '@/client/trpc.ts'
import type { Outputs } from '@/client/trpc.ts'
import { Button } from '@/ui/button.tsx'
import { cn } from '@/ui/cn.ts'
import { useFormats } from '@/ui/format/use-formats.ts'
import { KeyValueList } from '@/ui/key-value.tsx'
import { Pill } from '@/ui/pill.tsx'
import { RelativeTime } from '@/ui/relative-time.tsx'
import type { Tone } from '@/ui/tone.ts'
import { useEventName } from './use-event-name.ts'
import { useWebhookAction } from './use-webhook-action.ts'

type Delivery = Outputs['webhooks']['deliveries']['deliveries'][number]
const TONES = { PENDING: 'info', SENDING: 'info', RETRYING: 'warning', DELIVERED: 'success', FAILED: 'danger' } as const satisfies Record<string, Tone>

function stateOf({ status, attempts, claimedUntil }: Delivery): keyof typeof TONES {
  if (status !== 'PENDING') return status
  if (claimedUntil !== null) return 'SENDING'
  return attempts > 0 ? 'RETRYING' : 'PENDING'
}

/** One message: what it is about and what became of it; on demand all that is known, and what was sent. */
export function DeliveryEntry({ delivery, off }: { delivery: Delivery; off: boolean }) {
  const t = useTranslations('webhooks.log')
  const nameOf = useEventName()
  const [open, setOpen] = useState(false)
  const state = stateOf(delivery)
  return (
    <li>
      <button type="button" aria-expanded={open} onClick={() => setOpen(!open)} className="flex w-full flex-wrap items-center gap-x-3 gap-y-1 px-5 py-2.5 text-left text-sm hover:bg-sunken/60">
        <span className="min-w-0 flex-1 basis-44">{nameOf(delivery.eventType)}<span className="block font-mono text-xs text-muted">{delivery.eventType}</span></span>
        <span className="text-xs text-muted"><RelativeTime at={delivery.createdAt} /></span>
        <Pill tone={TONES[state]} pulse={state === 'SENDING'}>{t(`status.${state}`)}</Pill>
        <span className="sr-only">{t('details')}</span>
        <ChevronRight className={cn('size-4 shrink-0 text-muted transition-transform', open && 'rotate-90')} aria-hidden />
      </button>
      {open && <Details delivery={delivery} off={off} />}
    </li>
  )
}

function Details({ delivery, off }: { delivery: Delivery; off: boolean }) {
  const t = useTranslations('webhooks.log')
  const failures = useTranslations('webhooks.failures')
  const { dateTimeSeconds, milliseconds, number } = useFormats()
  const failure = WEBHOOK_FAILURES.find((one) => one === delivery.lastError)
  const items = [
    { label: t('created'), value: dateTimeSeconds(delivery.createdAt) },
    { label: t('attempts'), value: number(delivery.attempts) },
    ...(delivery.lastAttemptAt === null ? [] : [{ label: t('lastAttempt'), value: dateTimeSeconds(delivery.lastAttemptAt) }]),
    ...(delivery.status === 'PENDING' && delivery.claimedUntil === null ? [{ label: t('next'), value: dateTimeSeconds(delivery.nextAttemptAt) }] : []),
    ...(delivery.lastStatus === null ? [] : [{ label: t('answered'), value: t('http', { status: String(delivery.lastStatus) }) }]),
    ...(delivery.lastDurationMs === null ? [] : [{ label: t('took'), value: milliseconds(delivery.lastDurationMs) }]),
    ...(delivery.redeliveryOf === null ? [] : [{ label: t('again'), value: t('yes') }]),
    { label: t('message'), value: <code className="font-mono text-xs break-all">{delivery.messageId}</code> },
  ]
  return (
    <div className="flex flex-col gap-3 border-t bg-sunken/40 px-5 py-3">
      {failure !== undefined && <p className="text-sm text-danger">{failures(failure)}</p>}
      <KeyValueList items={items} />
      {delivery.lastAnswer !== null && <Text label={t('answer')} text={delivery.lastAnswer} />}
      <Text label={t('payload')} text={JSON.stringify(JSON.parse(delivery.payload), null, 2)} />
      {!off && delivery.claimedUntil === null && <Redeliver delivery={delivery} />}
    </div>
  )
}

function Text({ label, text }: { label: string; text: string }) {
  return (
    <div className="min-w-0">
      <p className="mb-1 text-xs font-medium text-muted">{label}</p>
      <pre role="group" aria-label={label} tabIndex={0} className="max-h-48 overflow-auto rounded-md border bg-surface p-3 font-mono text-xs leading-5 break-all whitespace-pre-wrap">{text}</pre>
    </div>
  )
}

function Redeliver({ delivery: { id, status } }: { delivery: Delivery }) {
  const t = useTranslations('webhooks.log')
  const action = useWebhookAction()
  const send = useMutation(useTRPC().webhooks.redeliver.mutationOptions({ onSuccess: () => action.done(t('redelivered')), onError: action.failed }))
  return <div className="flex justify-end"><Button size="sm" busy={send.isPending} onClick={() => send.mutate({ deliveryId: id })}>{t(status === 'PENDING' ? 'sendNow' : 'redeliver')}</Button></div>
}
