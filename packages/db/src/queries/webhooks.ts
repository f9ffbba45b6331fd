import type { ScopedTx } from '../scope.ts'
import type { WebhookOwner } from '../transitions/webhook-endpoint.ts'

/** The endpoints of `owner`, with how long secrets of before a rotation still sign, and what became of the newest message. */
export async function listWebhookEndpoints(tx: ScopedTx, owner: WebhookOwner, now: Date) {
  const rows = await tx.db.webhookEndpoint.findMany({
    where: { ...owner }, orderBy: { createdAt: 'asc' },
    include: { secrets: { where: { expiresAt: { gt: now } }, select: { expiresAt: true } }, _count: { select: { deliveries: { where: { status: 'PENDING' } } } } },
  })
  const listed = []
  for (const { id, name, url, eventTypes, format, language, disabledAt, disabledReason, failingSince, secrets, _count } of rows) {
    const last = await tx.db.webhookDelivery.findFirst({ where: { endpointId: id, attempts: { gt: 0 } }, select: { status: true, lastAttemptAt: true }, orderBy: [{ createdAt: 'desc' }, { id: 'desc' }] })
    const ends = secrets.flatMap(({ expiresAt }) => expiresAt?.getTime() ?? [])
    listed.push({ id, name, url, eventTypes, format, language: language === 'fr' ? ('fr' as const) : ('en' as const), disabledAt, disabledReason, failingSince, oldSecretUntil: ends.length === 0 ? null : new Date(Math.max(...ends)), last, pending: _count.deliveries })
  }
  return listed
}

/** One page of an endpoint's log, newest first, of what is older than the delivery `before` (null: from the newest). */
export async function readWebhookDeliveries(tx: ScopedTx, owner: WebhookOwner, endpointId: string, before: string | null, limit: number) {
  const rows = await tx.db.webhookDelivery.findMany({
    where: { endpointId, ...owner }, orderBy: [{ createdAt: 'desc' }, { id: 'desc' }], take: limit + 1,
    ...(before === null ? {} : { cursor: { id: before }, skip: 1 }),
    select: {
      id: true, messageId: true, eventType: true, payload: true, status: true, attempts: true, nextAttemptAt: true, claimedUntil: true, lastStatus: true, lastError: true,
      lastDurationMs: true, lastAnswer: true, lastAttemptAt: true, deliveredAt: true, redeliveryOf: true, createdAt: true,
    },
  })
  const deliveries = rows.slice(0, limit)
  return { deliveries, olderThan: rows.length > limit ? (deliveries.at(-1)?.id ?? null) : null }
}
