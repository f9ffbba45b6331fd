import { redeliverWebhook } from '@driftless/db'
import { z } from 'zod'
import { memberProcedure } from '@/server/trpc.ts'
import { ownerOf } from './owner-of.ts'
import { webhookId } from './webhook-settings.ts'

/** Sends a message again, or now if it waits for its next attempt. */
export const redeliver = memberProcedure('manage-webhooks').input(z.object({ deliveryId: webhookId })).mutation(({ ctx, input }) => ctx.inScope((tx) => redeliverWebhook(tx, ownerOf(ctx.person), input.deliveryId, new Date())))
