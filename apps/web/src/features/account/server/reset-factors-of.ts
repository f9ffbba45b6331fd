import { resetFactors } from '@driftless/db'
import { z } from 'zod'
import { providerProcedure } from '@/server/trpc.ts'

/** Takes away the second factors of somebody of the provider or its customers who has lost them; their sessions end. USER_UNKNOWN. */
export const resetFactorsOf = providerProcedure('manage-provider')
  .input(z.object({ userId: z.string().min(1).max(120) }))
  .mutation(({ ctx, input }) => ctx.inScope(async (tx) => ({ removed: await resetFactors(tx, input.userId) })))
