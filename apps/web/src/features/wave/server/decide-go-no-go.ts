import { decideGoNoGo as decide } from '@driftless/db'
import { z } from 'zod'
import { orderSigner } from '@/server/order-signer.ts'
import { tenantProcedure } from '@/server/trpc.ts'
import { wakeMigrations } from '@/server/wake-up.ts'
import { migrationIds } from './migration-ids.ts'

/** The approver's word on a wave, before any source is stopped. */
export const decideGoNoGo = tenantProcedure('decide-go-no-go')
  .input(z.object({ waveId: z.string().min(1).max(120), bookingId: z.string().min(1).max(120), decision: z.enum(['GO', 'NO_GO']), reason: z.string().trim().max(500).nullable() }))
  .mutation(async ({ ctx, input }) => {
    const ids = await ctx.inScope(async (tx) => {
      await decide(tx, input, orderSigner())
      return migrationIds(tx, input.waveId)
    })
    await wakeMigrations(ids)
  })
