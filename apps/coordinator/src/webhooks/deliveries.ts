import { claimWebhookDeliveries, noteWebhookDelivered, noteWebhookFailed, pruneWebhookDeliveries, releaseWebhook } from '@driftless/db'
import type { ClaimedWebhook, WebhookAttempt } from '@driftless/db'
import { webhookRetryDelayMs, webhookSecretContext } from '@driftless/domain'
import type { Network, WebhookFormat } from '@driftless/domain'
import { chatMessage, languageOf } from '@driftless/notices'
import { unsealText } from '@driftless/sealing'
import { z } from 'zod'
import { asCoordinator } from '../context.ts'
import type { Context } from '../context.ts'
import { openDueLoop } from '../due-loop.ts'
import { resolveByDns } from './resolve.ts'
import type { Resolve } from './resolve.ts'
import { sendWebhook } from './send.ts'

const CHANNEL = 'webhook_due'
/** What a notification that was lost, or the time, made due is found by then; the first retry is after 5 s. */
const LOOK_EVERY_MS = 2_000
/** Requests of this coordinator under way at once, to all receivers. */
const MOST_AT_ONCE = 100
/** Draining waits so long for receivers; then the attempts are given back, for another coordinator to make. */
const DRAIN_MS = 3_000
/** How long the log of what was sent is kept. */
const KEPT_MS = 30 * 24 * 3_600_000

export type WebhookSettings = {
  readonly databaseUrl: string
  readonly sealingKey: Buffer
  /** What may be reached besides the Internet: by the provider's own webhooks, and by the customers'. */
  readonly networks: { readonly provider: readonly Network[]; readonly customers: readonly Network[] }
  /** Where people look further; null: messages to channels lead nowhere. */
  readonly portalUrl: string | null
  readonly resolve?: Resolve
  readonly ca?: string
}

/**
 * Sends webhooks' messages as they become due. Receivers are strangers' and may hang, so this takes no worker of the queue:
 * PostgreSQL says what is due, a claim in it keeps two coordinators from sending one attempt twice, and each endpoint gets
 * few of the requests under way.
 */
export async function openWebhooks(context: Pick<Context, 'db' | 'log'>, settings: WebhookSettings): Promise<{ close: () => Promise<void> }> {
  const { db, log } = context
  const { resolve = resolveByDns, ca } = settings
  const inFlight = new Map<string, number>()
  function count(endpointId: string, by: number): void {
    const now = (inFlight.get(endpointId) ?? 0) + by
    if (now === 0) inFlight.delete(endpointId)
    else inFlight.set(endpointId, now)
  }

  async function work(delivery: ClaimedWebhook, stopping: AbortSignal): Promise<void> {
    count(delivery.endpoint_id, 1)
    try {
      await deliver(delivery, stopping)
    } finally {
      count(delivery.endpoint_id, -1)
    }
  }
  async function deliver(delivery: ClaimedWebhook, stopping: AbortSignal): Promise<void> {
    const attempt = stopping.aborted ? null : await attemptOf(delivery, stopping)
    if (attempt === null) return asCoordinator(db, (tx) => releaseWebhook(tx, delivery))
    const now = new Date()
    const about = { deliveryId: delivery.id, endpointId: delivery.endpoint_id, attempt: delivery.attempts, status: attempt.status, failure: attempt.failure, durationMs: attempt.durationMs }
    if (attempt.failure === null) {
      await asCoordinator(db, (tx) => noteWebhookDelivered(tx, delivery, attempt, now))
      return log.info(about, 'webhook delivered')
    }
    const delayMs = attempt.failure === 'GONE' ? null : webhookRetryDelayMs(delivery.attempts, Math.random())
    await asCoordinator(db, (tx) => noteWebhookFailed(tx, delivery, attempt, delayMs === null ? null : new Date(now.getTime() + delayMs), now))
    log.info({ ...about, delayMs }, 'webhook not delivered')
  }
  /** Null when the coordinator ended before the receiver answered. */
  async function attemptOf({ url, message_id: messageId, payload: standard, format, language, secrets: sealed, tenant_id: tenantId, id }: ClaimedWebhook, stopping: AbortSignal): Promise<WebhookAttempt | null> {
    const secrets = sealed.flatMap((secret) => unsealText(settings.sealingKey, secret.sealed, webhookSecretContext(secret.id)) ?? [])
    if (secrets.length === 0) return { status: null, failure: 'SECRET', durationMs: 0, answer: null }
    const payload = format === 'STANDARD' ? standard : inWords(format, language, settings.portalUrl, standard)
    const allowed = tenantId === null ? settings.networks.provider : settings.networks.customers
    try {
      return await sendWebhook({ url, messageId, payload, secrets }, { allowed, resolve, ca }, stopping, (why) => log.warn({ deliveryId: id, why }, 'webhook refused'))
    } catch (error) {
      if (stopping.aborted) return null
      throw error
    }
  }

  return openDueLoop(context, {
    databaseUrl: settings.databaseUrl, channel: CHANNEL, lookEveryMs: LOOK_EVERY_MS, mostAtOnce: MOST_AT_ONCE, drainMs: DRAIN_MS, what: 'webhooks', work,
    claim: (room) => asCoordinator(db, (tx) => claimWebhookDeliveries(tx, inFlight, room)),
    prune: () => asCoordinator(db, (tx) => pruneWebhookDeliveries(tx, new Date(Date.now() - KEPT_MS))),
  })
}

const event = z.object({
  type: z.string(), timestamp: z.string(),
  data: z.object({ tenant: z.object({ name: z.string() }).optional(), subject: z.object({ kind: z.string(), id: z.string(), name: z.string() }), actor: z.object({ name: z.string() }), after: z.string().optional(), reason: z.string().optional() }),
})

/** The message that a channel's people read, from the one that programs are sent. */
function inWords(format: Exclude<WebhookFormat, 'STANDARD'>, language: string, portalUrl: string | null, payload: string): string {
  return JSON.stringify(chatMessage(format, languageOf(language), portalUrl, event.parse(JSON.parse(payload))))
}
