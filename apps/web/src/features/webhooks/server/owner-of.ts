import 'server-only'
import type { WebhookOwner } from '@driftless/db'
import type { Network } from '@driftless/domain'
import { env } from '@/env.ts'
import type { Person } from '@/server/person.ts'

/** Whose webhooks a person manages: their tenant's, or the provider's own. */
export function ownerOf({ providerId, tenantId }: Person): WebhookOwner {
  return { providerId, tenantId }
}

/** What these webhooks may reach besides the Internet, as the coordinator has it; it decides once more when it connects. */
export function networksFor({ tenantId }: WebhookOwner): readonly Network[] {
  const { WEBHOOK_ALLOWED_NETWORKS, WEBHOOK_CUSTOMER_NETWORKS } = env()
  return tenantId === null ? [...WEBHOOK_ALLOWED_NETWORKS, ...WEBHOOK_CUSTOMER_NETWORKS] : WEBHOOK_CUSTOMER_NETWORKS
}
