import { randomUUID } from 'node:crypto'
import { createWebhookEndpoint } from '@driftless/db'
import { checkWebhookUrl } from '@driftless/domain'
import { memberProcedure } from '@/server/trpc.ts'
import { newSecret } from './new-secret.ts'
import { networksFor, ownerOf } from './owner-of.ts'
import { webhookSettings } from './webhook-settings.ts'

/** Makes a webhook. The answer is the only place where its signing secret is ever readable. */
export const createWebhook = memberProcedure('manage-webhooks').input(webhookSettings).mutation(async ({ ctx, input }) => {
  const owner = ownerOf(ctx.person)
  const url = checkWebhookUrl(input.url, networksFor(owner))
  const { secret, stored } = newSecret()
  const webhookId = randomUUID()
  await ctx.inScope((tx) => createWebhookEndpoint(tx, owner, webhookId, { ...input, url }, stored))
  return { webhookId, secret }
})
