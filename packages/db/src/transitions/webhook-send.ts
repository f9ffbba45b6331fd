import { DomainError, WEBHOOK_TEST_EVENT } from '@driftless/domain'
import { audit } from '../audit.ts'
import type { ScopedTx } from '../scope.ts'
import { findWebhookEndpoint, webhookSubject } from './webhook-endpoint.ts'
import type { WebhookOwner } from './webhook-endpoint.ts'

/** Sends a message that is about nothing, to see whether an endpoint takes it. WEBHOOK_UNKNOWN, WEBHOOK_DISABLED, WEBHOOK_PENDING while one is under way. */
export async function sendTestWebhook(tx: ScopedTx, owner: WebhookOwner, endpointId: string, now: Date): Promise<void> {
  const endpoint = await enabled(tx, owner, endpointId)
  if ((await tx.db.webhookDelivery.count({ where: { endpointId, eventType: WEBHOOK_TEST_EVENT, status: 'PENDING' } })) > 0) throw new DomainError('WEBHOOK_PENDING', 'This message is still under way.')
  const payload = JSON.stringify({ type: WEBHOOK_TEST_EVENT, timestamp: now.toISOString(), data: { subject: { kind: 'webhook', id: endpoint.id, name: endpoint.name }, actor: { kind: tx.actor.kind, name: tx.actor.name } } })
  await tx.db.webhookDelivery.createMany({ data: { ...owner, endpointId, messageId: `msg_${crypto.randomUUID().replaceAll('-', '')}`, eventType: WEBHOOK_TEST_EVENT, payload } })
  await audit(tx, 'webhook.test', webhookSubject(endpoint))
}

/**
 * Sends one message again, as the same message: a receiver that keeps ids knows it. One that waits for its next attempt is
 * tried now instead. WEBHOOK_DELIVERY_UNKNOWN, WEBHOOK_DISABLED, WEBHOOK_PENDING while the same is under way already.
 */
export async function redeliverWebhook(tx: ScopedTx, owner: WebhookOwner, deliveryId: string, now: Date): Promise<void> {
  const delivery = await tx.db.webhookDelivery.findFirst({ where: { id: deliveryId, ...owner } })
  if (!delivery) throw new DomainError('WEBHOOK_DELIVERY_UNKNOWN', 'There is no such message.')
  const { endpointId, messageId, eventType, payload } = delivery
  const endpoint = await enabled(tx, owner, endpointId)
  if (delivery.status === 'PENDING') {
    const hurried = await tx.db.webhookDelivery.updateMany({ where: { id: deliveryId, status: 'PENDING', nextAttemptAt: { gt: now } }, data: { nextAttemptAt: now } })
    if (hurried.count !== 1) throw new DomainError('WEBHOOK_PENDING', 'This message is still under way.')
  } else {
    if ((await tx.db.webhookDelivery.count({ where: { endpointId, messageId, status: 'PENDING' } })) > 0) throw new DomainError('WEBHOOK_PENDING', 'This message is still under way.')
    await tx.db.webhookDelivery.createMany({ data: { ...owner, endpointId, messageId, eventType, payload, redeliveryOf: deliveryId } })
  }
  await audit(tx, 'webhook.redeliver', webhookSubject(endpoint), { after: eventType, detail: { message: messageId } })
}

async function enabled(tx: ScopedTx, owner: WebhookOwner, endpointId: string) {
  const endpoint = await findWebhookEndpoint(tx, owner, endpointId)
  if (endpoint.disabledAt !== null) throw new DomainError('WEBHOOK_DISABLED', `${endpoint.name} is switched off.`, { name: endpoint.name })
  return endpoint
}
