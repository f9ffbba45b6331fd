import { decideGoNoGo as decide } from '@driftless/db'
import { z } from 'zod'
import { orderSigner } from '@/server/order-signer.ts'
import { tenantProcedure } from '@/server/trpc.ts'
import { wakeMigrations } from '@/server/wake-up.ts'
import { migrationIds } from './migration-ids.ts'

const of = { waveId: z.string().min(1).max(120), bookingId: z.string().min(1).max(120), reason: z.string().trim().max(500).nullable() }

/**
 * One person's word on a wave, before any source is stopped. Who may say it is the customer's approval policy's to say, not a role's. A go
 * names the plan that was shown.
 */
export const decideGoNoGo = tenantProcedure()
  .input(z.discriminatedUnion('decision', [
    z.object({ ...of, decision: z.literal('GO'), planHash: z.string().regex(/^[0-9a-f]{64}$/) }),
    z.object({ ...of, decision: z.literal('NO_GO') }),
  ]))
  .mutation(async ({ ctx, input }) => {
    const ids = await ctx.inScope(async (tx) => {
      await decide(tx, input, orderSigner())
      return migrationIds(tx, input.waveId)
    })
    await wakeMigrations(ids)
  })
