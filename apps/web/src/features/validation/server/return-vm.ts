import { returnVm as send } from '@driftless/db'
import { z } from 'zod'
import { orderSigner } from '@/server/order-signer.ts'
import { tenantProcedure } from '@/server/trpc.ts'
import { wakeMigrations } from '@/server/wake-up.ts'

/** Sends a VM home from the target: whoever asks for cutovers may undo one, at any hour. */
export const returnVm = tenantProcedure('request-cutover')
  .input(z.object({ migrationId: z.string().min(1).max(120), reason: z.string().trim().min(1).max(500), confirmedName: z.string().max(200).nullable() }))
  .mutation(async ({ ctx, input }) => {
    await ctx.inScope((tx) => send(tx, input, orderSigner(), new Date()))
    await wakeMigrations([input.migrationId])
  })
