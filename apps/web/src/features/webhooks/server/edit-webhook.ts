import { editWebhookEndpoint } from '@driftless/db'
import { checkWebhookUrl } from '@driftless/domain'
import { memberProcedure } from '@/server/trpc.ts'
import { networksFor, ownerOf } from './owner-of.ts'
import { webhookId, webhookSettings } from './webhook-settings.ts'

/** Changes a webhook's name, address and events. */
export const editWebhook = memberProcedure('manage-webhooks').input(webhookSettings.extend({ webhookId })).mutation(({ ctx, input }) => {
  const owner = ownerOf(ctx.person)
  const url = checkWebhookUrl(input.url, networksFor(owner))
  return ctx.inScope((tx) => editWebhookEndpoint(tx, owner, input.webhookId, { ...input, url }))
})
