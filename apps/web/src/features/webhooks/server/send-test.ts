import { sendTestWebhook } from '@driftless/db'
import { z } from 'zod'
import { memberProcedure } from '@/server/trpc.ts'
import { ownerOf } from './owner-of.ts'
import { webhookId } from './webhook-settings.ts'

/** Sends a message about nothing; what becomes of it stands in the log. */
export const sendTest = memberProcedure('manage-webhooks').input(z.object({ webhookId })).mutation(({ ctx, input }) => ctx.inScope((tx) => sendTestWebhook(tx, ownerOf(ctx.person), input.webhookId, new Date())))
