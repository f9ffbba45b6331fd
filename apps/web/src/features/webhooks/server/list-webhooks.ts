import { listWebhookEndpoints } from '@driftless/db'
import { memberProcedure } from '@/server/trpc.ts'
import { ownerOf } from './owner-of.ts'

/** The person's webhooks, with how they are doing. */
export const listWebhooks = memberProcedure('manage-webhooks').query(({ ctx }) => ctx.inScope((tx) => listWebhookEndpoints(tx, ownerOf(ctx.person), new Date())))
