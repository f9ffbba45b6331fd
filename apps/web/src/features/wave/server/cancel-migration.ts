import { cancelMigration as cancel } from '@driftless/db'
import { z } from 'zod'
import { orderSigner } from '@/server/order-signer.ts'
import { tenantProcedure } from '@/server/trpc.ts'
import { wakeMigrations } from '@/server/wake-up.ts'

/** Gives up one VM; its source runs on untouched. */
export const cancelMigration = tenantProcedure('control-replication')
  .input(z.object({ migrationId: z.string().min(1).max(120) }))
  .mutation(async ({ ctx, input }) => {
    await ctx.inScope((tx) => cancel(tx, input.migrationId, orderSigner()))
    await wakeMigrations([input.migrationId])
  })
