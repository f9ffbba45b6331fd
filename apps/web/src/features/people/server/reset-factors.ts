import { resetFactors as reset } from '@driftless/db'
import { z } from 'zod'
import { providerProcedure } from '@/server/trpc.ts'

/** Takes away the second factors of somebody who has lost them; their sessions end. PERSON_UNKNOWN. */
export const resetFactors = providerProcedure('manage-people')
  .input(z.object({ userId: z.string().min(1).max(120) }))
  .mutation(({ ctx, input }) => ctx.inScope(async (tx) => ({ removed: await reset(tx, input.userId) })))
