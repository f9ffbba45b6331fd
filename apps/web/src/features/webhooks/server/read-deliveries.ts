import { findWebhookEndpoint, readWebhookDeliveries } from '@driftless/db'
import { z } from 'zod'
import { memberProcedure } from '@/server/trpc.ts'
import { ownerOf } from './owner-of.ts'
import { webhookId } from './webhook-settings.ts'

const PAGE_DELIVERIES = 30

/** One page of what was sent to a webhook, newest first; `cursor` is the delivery that the page before ended with. */
export const readDeliveries = memberProcedure('manage-webhooks')
  .input(z.object({ webhookId, cursor: webhookId.nullish() }))
  .query(({ ctx, input }) => ctx.inScope(async (tx) => {
    const { id } = await findWebhookEndpoint(tx, ownerOf(ctx.person), input.webhookId)
    return readWebhookDeliveries(tx, ownerOf(ctx.person), id, input.cursor ?? null, PAGE_DELIVERIES)
  }))
