import { disableWebhookEndpoint, enableWebhookEndpoint } from '@driftless/db'
import { z } from 'zod'
import { memberProcedure } from '@/server/trpc.ts'
import { ownerOf } from './owner-of.ts'
import { webhookId } from './webhook-settings.ts'

/** Switches a webhook on or off. What was still to be sent when it goes off has failed, and can be sent by hand. */
export const switchWebhook = memberProcedure('manage-webhooks').input(z.object({ webhookId, on: z.boolean() })).mutation(async ({ ctx, input }) => {
  const owner = ownerOf(ctx.person)
  await ctx.inScope((tx) => (input.on ? enableWebhookEndpoint(tx, owner, input.webhookId) : disableWebhookEndpoint(tx, owner, input.webhookId, 'PERSON', new Date())))
})
