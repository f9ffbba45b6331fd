import { claimWebhookDeliveries, listenTo, noteWebhookDelivered, noteWebhookFailed, pruneWebhookDeliveries, releaseWebhook } from '@driftless/db'
import type { ClaimedWebhook, WebhookAttempt } from '@driftless/db'
import { webhookRetryDelayMs, webhookSecretContext } from '@driftless/domain'
import type { Network } from '@driftless/domain'
import { unsealText } from '@driftless/sealing'
import { asCoordinator } from '../context.ts'
import type { Context } from '../context.ts'
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
const PRUNE_EVERY_MS = 3_600_000
/** How long the log of what was sent is kept. */
const KEPT_MS = 30 * 24 * 3_600_000

export type WebhookSettings = {
  readonly databaseUrl: string
  readonly sealingKey: Buffer
  /** What may be reached besides the Internet: by the provider's own webhooks, and by the customers'. */
  readonly networks: { readonly provider: readonly Network[]; readonly customers: readonly Network[] }
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
  const stopping = new AbortController()
  const underWay = new Set<Promise<void>>()
  const inFlight = new Map<string, number>()
  let closed = false
  let looking: Promise<void> | null = null
  let again = false
  let prunedAtMs = 0

  function look(): void {
    again = true
    looking ??= takeDue().catch((error: unknown) => log.warn({ err: error }, 'due webhooks were not read; the next look is soon')).finally(() => (looking = null))
  }
  async function takeDue(): Promise<void> {
    while (again && !closed && underWay.size < MOST_AT_ONCE) {
      again = false
      const claimed = await asCoordinator(db, (tx) => claimWebhookDeliveries(tx, inFlight, MOST_AT_ONCE - underWay.size))
      for (const delivery of claimed) start(delivery)
    }
  }
  function start(delivery: ClaimedWebhook): void {
    count(delivery.endpoint_id, 1)
    const work = deliver(delivery).catch((error: unknown) => log.error({ err: error, deliveryId: delivery.id }, 'a webhook could not be dealt with; it is tried again')).finally(() => {
      underWay.delete(work)
      count(delivery.endpoint_id, -1)
      look()
    })
    underWay.add(work)
  }
  function count(endpointId: string, by: number): void {
    const now = (inFlight.get(endpointId) ?? 0) + by
    if (now === 0) inFlight.delete(endpointId)
    else inFlight.set(endpointId, now)
  }

  async function deliver(delivery: ClaimedWebhook): Promise<void> {
    if (stopping.signal.aborted) return asCoordinator(db, (tx) => releaseWebhook(tx, delivery))
    const attempt = await attemptOf(delivery)
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
  async function attemptOf({ url, message_id: messageId, payload, secrets: sealed, tenant_id: tenantId, id }: ClaimedWebhook): Promise<WebhookAttempt | null> {
    const secrets = sealed.flatMap((secret) => unsealText(settings.sealingKey, secret.sealed, webhookSecretContext(secret.id)) ?? [])
    if (secrets.length === 0) return { status: null, failure: 'SECRET', durationMs: 0, answer: null }
    const allowed = tenantId === null ? settings.networks.provider : settings.networks.customers
    try {
      return await sendWebhook({ url, messageId, payload, secrets }, { allowed, resolve, ca }, stopping.signal, (why) => log.warn({ deliveryId: id, why }, 'webhook refused'))
    } catch (error) {
      if (stopping.signal.aborted) return null
      throw error
    }
  }
  async function prune(): Promise<void> {
    if (Date.now() - prunedAtMs < PRUNE_EVERY_MS) return
    prunedAtMs = Date.now()
    while (!closed && (await asCoordinator(db, (tx) => pruneWebhookDeliveries(tx, new Date(Date.now() - KEPT_MS)))));
  }

  const listener = await listenTo(settings.databaseUrl, CHANNEL, { onPayload: look, onReconnect: look, onError: (error) => log.warn({ err: error }, 'the notifications of webhooks were lost; listening again') })
  const timer = setInterval(() => {
    look()
    prune().catch((error: unknown) => log.warn({ err: error }, 'old webhook deliveries were not dropped'))
  }, LOOK_EVERY_MS)
  look()
  return {
    close: async () => {
      closed = true
      clearInterval(timer)
      await listener.close()
      await looking
      const giveUp = setTimeout(() => stopping.abort(new Error('The coordinator ends.')), DRAIN_MS)
      await Promise.all(underWay)
      clearTimeout(giveUp)
    },
  }
}
