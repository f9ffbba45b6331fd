import { DomainError, WEBHOOK_SECRET_OVERLAP_MS } from '@driftless/domain'
import type { WebhookDisabledReason, WebhookEventType, WebhookFormat, WebhookLanguage } from '@driftless/domain'
import { audit } from '../audit.ts'
import type { AuditSubject } from '../audit.ts'
import type { ScopedTx } from '../scope.ts'

/** Whose endpoints: a tenant's, or (null) the provider's own. Staff see their customers' rows, and manage their own alone. */
export type WebhookOwner = { readonly providerId: string; readonly tenantId: string | null }
export type WebhookSettings = { readonly name: string; readonly url: URL; readonly eventTypes: readonly WebhookEventType[]; /** How messages are written; STANDARD and English where nothing is said. */ readonly format?: WebhookFormat; readonly language?: WebhookLanguage }
/** A new signing secret as it is stored; sealed for `webhookSecretContext(id)`. */
export type SealedSecret = { readonly id: string; readonly sealed: string }

/** A receiver for each team and purpose; each costs the coordinator requests for days when it is dead. */
export const MOST_WEBHOOK_ENDPOINTS = 10
/** Every live secret signs every message. */
const MOST_LIVE_SECRETS = 5

/** The endpoint of `owner`, as its writers need it. WEBHOOK_UNKNOWN. */
export async function findWebhookEndpoint(tx: ScopedTx, owner: WebhookOwner, endpointId: string) {
  const found = await tx.db.webhookEndpoint.findFirst({ where: { id: endpointId, ...owner } })
  if (!found) throw new DomainError('WEBHOOK_UNKNOWN', 'There is no such webhook.')
  return found
}
type Endpoint = Awaited<ReturnType<typeof findWebhookEndpoint>>

export function webhookSubject({ providerId, tenantId, id, name }: Pick<Endpoint, 'providerId' | 'tenantId' | 'id' | 'name'>): AuditSubject {
  return { providerId, tenantId, kind: 'webhook', id, name }
}

/** Makes an endpoint that signs with `secret`; it is told of what happens from now on. WEBHOOK_LIMIT. */
export async function createWebhookEndpoint(tx: ScopedTx, owner: WebhookOwner, id: string, settings: WebhookSettings, secret: SealedSecret): Promise<void> {
  if ((await tx.db.webhookEndpoint.count({ where: { ...owner } })) >= MOST_WEBHOOK_ENDPOINTS)
    throw new DomainError('WEBHOOK_LIMIT', `There are ${MOST_WEBHOOK_ENDPOINTS} webhooks already.`, { most: MOST_WEBHOOK_ENDPOINTS })
  const endpoint = { ...owner, id, name: settings.name }
  await tx.db.webhookEndpoint.createMany({ data: { ...endpoint, url: settings.url.href, eventTypes: [...settings.eventTypes], format: settings.format ?? 'STANDARD', language: settings.language ?? 'en', createdById: tx.actor.id ?? 'system' } })
  await tx.db.webhookSecret.createMany({ data: { ...owner, endpointId: id, ...secret } })
  await audit(tx, 'webhook.create', webhookSubject(endpoint), { after: settings.url.origin, detail: { events: [...settings.eventTypes], ...(settings.format === undefined || settings.format === 'STANDARD' ? {} : { format: settings.format }) } })
}

/** Changes what an endpoint is called, where it is and what it hears of. The log shows no path: people put secrets there. WEBHOOK_UNKNOWN. */
export async function editWebhookEndpoint(tx: ScopedTx, owner: WebhookOwner, endpointId: string, { name, url, eventTypes, format = 'STANDARD', language = 'en' }: WebhookSettings): Promise<void> {
  const before = await findWebhookEndpoint(tx, owner, endpointId)
  const moved = before.url !== url.href
  if (!moved && before.name === name && before.eventTypes.toSorted().join() === eventTypes.toSorted().join() && before.format === format && before.language === language) return
  const written = await tx.db.webhookEndpoint.updateMany({ where: { id: endpointId, ...owner }, data: { name, url: url.href, eventTypes: [...eventTypes], format, language, ...(moved ? { failingSince: null } : {}) } })
  if (written.count !== 1) throw new DomainError('WEBHOOK_UNKNOWN', 'There is no such webhook.')
  await audit(tx, 'webhook.edit', webhookSubject({ ...before, name }), { before: new URL(before.url).origin, after: url.origin, detail: { events: [...eventTypes], ...(before.format === format ? {} : { format }) } })
}

/**
 * Gives an endpoint another secret. The ones before sign beside it for a day, so that a receiver can change over in peace;
 * `endOthers`: they end now, as one that leaked must. WEBHOOK_UNKNOWN, WEBHOOK_SECRETS.
 */
export async function rotateWebhookSecret(tx: ScopedTx, owner: WebhookOwner, endpointId: string, secret: SealedSecret, endOthers: boolean, now: Date): Promise<void> {
  const endpoint = await findWebhookEndpoint(tx, owner, endpointId)
  const live = { endpointId, OR: [{ expiresAt: null }, { expiresAt: { gt: now } }] }
  if (!endOthers && (await tx.db.webhookSecret.count({ where: live })) >= MOST_LIVE_SECRETS) throw new DomainError('WEBHOOK_SECRETS', 'Too many secrets sign already.', { most: MOST_LIVE_SECRETS })
  const until = new Date(now.getTime() + (endOthers ? 0 : WEBHOOK_SECRET_OVERLAP_MS))
  await tx.db.webhookSecret.updateMany({ where: endOthers ? live : { endpointId, expiresAt: null }, data: { expiresAt: until } })
  await tx.db.webhookSecret.createMany({ data: { ...owner, endpointId, ...secret } })
  await audit(tx, 'webhook.rotate', webhookSubject(endpoint), { after: until.toISOString() })
}

/** Switches an endpoint off: it is told nothing any more, and what it was still to get has failed. False when it was off. WEBHOOK_UNKNOWN. */
export async function disableWebhookEndpoint(tx: ScopedTx, owner: WebhookOwner, endpointId: string, reason: WebhookDisabledReason, now: Date): Promise<boolean> {
  const endpoint = await findWebhookEndpoint(tx, owner, endpointId)
  const written = await tx.db.webhookEndpoint.updateMany({ where: { id: endpointId, ...owner, disabledAt: null }, data: { disabledAt: now, disabledReason: reason } })
  if (written.count !== 1) return false
  await tx.db.webhookDelivery.updateMany({ where: { endpointId, status: 'PENDING' }, data: { status: 'FAILED', lastError: 'DISABLED' } })
  await audit(tx, 'webhook.disable', webhookSubject(endpoint), { after: reason })
  return true
}

/** Switches it on again: it is told of what happens from now on. False when it was on. WEBHOOK_UNKNOWN. */
export async function enableWebhookEndpoint(tx: ScopedTx, owner: WebhookOwner, endpointId: string): Promise<boolean> {
  const endpoint = await findWebhookEndpoint(tx, owner, endpointId)
  const written = await tx.db.webhookEndpoint.updateMany({ where: { id: endpointId, ...owner, disabledAt: { not: null } }, data: { disabledAt: null, disabledReason: null, failingSince: null } })
  if (written.count !== 1) return false
  await audit(tx, 'webhook.enable', webhookSubject(endpoint))
  return true
}

/** Removes an endpoint with its secrets and its log. WEBHOOK_UNKNOWN. */
export async function deleteWebhookEndpoint(tx: ScopedTx, owner: WebhookOwner, endpointId: string): Promise<void> {
  const endpoint = await findWebhookEndpoint(tx, owner, endpointId)
  const written = await tx.db.webhookEndpoint.deleteMany({ where: { id: endpointId, ...owner } })
  if (written.count !== 1) throw new DomainError('WEBHOOK_UNKNOWN', 'There is no such webhook.')
  await audit(tx, 'webhook.delete', webhookSubject(endpoint), { before: new URL(endpoint.url).origin })
}
