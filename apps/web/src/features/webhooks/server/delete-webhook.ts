import { deleteWebhookEndpoint } from '@driftless/db'
import { z } from 'zod'
import { memberProcedure } from '@/server/trpc.ts'
import { ownerOf } from './owner-of.ts'
import { webhookId } from './webhook-settings.ts'

/** Removes a webhook with its log. */
export const deleteWebhook = memberProcedure('manage-webhooks').input(z.object({ webhookId })).mutation(({ ctx, input }) => ctx.inScope((tx) => deleteWebhookEndpoint(tx, ownerOf(ctx.person), input.webhookId)))
