import { WEBHOOK_FAILING_LIMIT_MS, WEBHOOK_FORMATS } from '@driftless/domain'
import type { WebhookFailure } from '@driftless/domain'
import { z } from 'zod'
import type { ScopedTx } from '../scope.ts'
import { disableWebhookEndpoint } from './webhook-endpoint.ts'

/** A coordinator has said how its attempt ended long before; after this it counts as dead and another one tries. */
const CLAIM_SECONDS = 45
/** An endpoint that takes messages gets so many at once; one that did not take the last, one, as it holds each until the timeout. */
const AT_ONCE = { healthy: 4, failing: 1 }

const claimed = z.object({
  id: z.string(), message_id: z.string(), payload: z.string(), attempts: z.number(), endpoint_id: z.string(), tenant_id: z.string().nullable(), provider_id: z.string(), url: z.string(), format: z.enum(WEBHOOK_FORMATS), language: z.string(),
  secrets: z.array(z.object({ id: z.string(), sealed: z.string() })),
})
export type ClaimedWebhook = z.infer<typeof claimed>

/**
 * Takes up to `most` deliveries whose time has come, oldest first, so that nobody else sends them meanwhile. `inFlight`: how
 * many the caller has under way, by endpoint. `attempts` counts the one that is to be made; the newest secret comes first.
 */
export async function claimWebhookDeliveries(tx: ScopedTx, inFlight: ReadonlyMap<string, number>, most: number): Promise<ClaimedWebhook[]> {
  const rows = await tx.db.$queryRaw`
    WITH due AS (
      SELECT d.id, d.next_attempt_at FROM webhook_endpoint e
        LEFT JOIN unnest(${[...inFlight.keys()]}::text[], ${[...inFlight.values()]}::int[]) AS f(id, n) ON f.id = e.id
        CROSS JOIN LATERAL (
          SELECT w.id, w.next_attempt_at FROM webhook_delivery w
          WHERE w.endpoint_id = e.id AND w.status = 'PENDING' AND w.next_attempt_at <= clock_timestamp() AND (w.claimed_until IS NULL OR w.claimed_until < clock_timestamp())
          ORDER BY w.next_attempt_at LIMIT greatest(0, (CASE WHEN e.failing_since IS NULL THEN ${AT_ONCE.healthy}::int ELSE ${AT_ONCE.failing}::int END) - coalesce(f.n, 0)) FOR UPDATE SKIP LOCKED
        ) d
      WHERE e.disabled_at IS NULL ORDER BY d.next_attempt_at LIMIT ${most}
    )
    UPDATE webhook_delivery w SET attempts = w.attempts + 1, claimed_until = clock_timestamp() + make_interval(secs => ${CLAIM_SECONDS}::int), last_attempt_at = clock_timestamp()
    FROM due, webhook_endpoint e WHERE w.id = due.id AND e.id = w.endpoint_id
    RETURNING w.id, w.message_id, w.payload, w.attempts, w.endpoint_id, w.tenant_id, w.provider_id, e.url, e.format::text AS format, e.language,
      (SELECT coalesce(json_agg(json_build_object('id', s.id, 'sealed', s.sealed) ORDER BY s.created_at DESC), '[]') FROM webhook_secret s
        WHERE s.endpoint_id = e.id AND (s.expires_at IS NULL OR s.expires_at > clock_timestamp())) AS secrets`
  return z.array(claimed).parse(rows)
}

/** How one attempt ended. `answer`: the beginning of the receiver's answer. */
export type WebhookAttempt = { readonly status: number | null; readonly failure: WebhookFailure | null; readonly durationMs: number; readonly answer: string | null }

/** Writes down that a message was taken. False when its delivery was deleted, or claimed by somebody else since. */
export async function noteWebhookDelivered(tx: ScopedTx, delivery: ClaimedWebhook, attempt: WebhookAttempt, now: Date): Promise<boolean> {
  const written = await tx.db.webhookDelivery.updateMany({ where: { id: delivery.id, attempts: delivery.attempts }, data: { status: 'DELIVERED', deliveredAt: now, claimedUntil: null, ...columnsOf(attempt) } })
  if (written.count !== 1) return false
  await tx.db.webhookEndpoint.updateMany({ where: { id: delivery.endpoint_id, failingSince: { not: null } }, data: { failingSince: null } })
  return true
}

/**
 * Writes down that an attempt failed; `nextAttemptAt` null: it was the last. An endpoint that is gone, or has failed for
 * days, is switched off. False as above, or when somebody switched it off meanwhile.
 */
export async function noteWebhookFailed(tx: ScopedTx, delivery: ClaimedWebhook, attempt: WebhookAttempt, nextAttemptAt: Date | null, now: Date): Promise<boolean> {
  const after = nextAttemptAt === null ? ({ status: 'FAILED' } as const) : { nextAttemptAt }
  const written = await tx.db.webhookDelivery.updateMany({ where: { id: delivery.id, attempts: delivery.attempts, status: 'PENDING' }, data: { claimedUntil: null, ...columnsOf(attempt), ...after } })
  if (written.count !== 1) return false
  const { endpoint_id: endpointId, provider_id: providerId, tenant_id: tenantId } = delivery
  await tx.db.webhookEndpoint.updateMany({ where: { id: endpointId, failingSince: null }, data: { failingSince: now } })
  const endpoint = await tx.db.webhookEndpoint.findUnique({ where: { id: endpointId }, select: { failingSince: true } })
  const tooLong = endpoint?.failingSince != null && now.getTime() - endpoint.failingSince.getTime() >= WEBHOOK_FAILING_LIMIT_MS
  if (attempt.failure === 'GONE' || tooLong) await disableWebhookEndpoint(tx, { providerId, tenantId }, endpointId, attempt.failure === 'GONE' ? 'GONE' : 'FAILING', now)
  return true
}

/** Gives a claim back unused, for a coordinator that ends: the attempt was not made. */
export async function releaseWebhook(tx: ScopedTx, delivery: ClaimedWebhook): Promise<void> {
  await tx.db.webhookDelivery.updateMany({ where: { id: delivery.id, attempts: delivery.attempts, status: 'PENDING' }, data: { attempts: delivery.attempts - 1, claimedUntil: null } })
}

function columnsOf({ status, failure, durationMs, answer }: WebhookAttempt) {
  return { lastStatus: status, lastError: failure, lastDurationMs: durationMs, lastAnswer: answer }
}

/** Drops a bounded number of deliveries that ended before `before`. True when there may be more. */
export async function pruneWebhookDeliveries(tx: ScopedTx, before: Date): Promise<boolean> {
  const gone = await tx.db.$executeRaw`
    DELETE FROM webhook_delivery WHERE id IN (SELECT id FROM webhook_delivery WHERE status <> 'PENDING' AND created_at < ${before} ORDER BY created_at LIMIT ${PRUNED_AT_ONCE})`
  return gone === PRUNED_AT_ONCE
}
const PRUNED_AT_ONCE = 1_000
