import { rotateWebhookSecret } from '@driftless/db'
import { z } from 'zod'
import { memberProcedure } from '@/server/trpc.ts'
import { newSecret } from './new-secret.ts'
import { ownerOf } from './owner-of.ts'
import { webhookId } from './webhook-settings.ts'

/** Gives a webhook another signing secret, readable in this answer alone. `endOld`: the one before does not sign for another day. */
export const rotateSecret = memberProcedure('manage-webhooks').input(z.object({ webhookId, endOld: z.boolean() })).mutation(async ({ ctx, input }) => {
  const { secret, stored } = newSecret()
  await ctx.inScope((tx) => rotateWebhookSecret(tx, ownerOf(ctx.person), input.webhookId, stored, input.endOld, new Date()))
  return { secret }
})
