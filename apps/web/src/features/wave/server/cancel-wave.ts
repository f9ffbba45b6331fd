import { cancelWave as cancel } from '@driftless/db'
import { z } from 'zod'
import { orderSigner } from '@/server/order-signer.ts'
import { tenantProcedure } from '@/server/trpc.ts'
import { wakeMigrations } from '@/server/wake-up.ts'
import { migrationIds } from './migration-ids.ts'

/** Gives up every VM of the wave that is not in its cutover; answers how many were. */
export const cancelWave = tenantProcedure('control-replication')
  .input(z.object({ waveId: z.string().min(1).max(120) }))
  .mutation(async ({ ctx, input }) => {
    const { cancelled, ids } = await ctx.inScope(async (tx) => ({ cancelled: await cancel(tx, input.waveId, orderSigner()), ids: await migrationIds(tx, input.waveId) }))
    await wakeMigrations(ids)
    return { cancelled }
  })
