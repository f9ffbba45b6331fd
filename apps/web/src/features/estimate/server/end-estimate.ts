import { endEstimate as end } from '@driftless/db'
import { z } from 'zod'
import { tenantProcedure } from '@/server/trpc.ts'

/** Ends an observation early; what was seen stays. Answers whether it was still running. */
export const endEstimate = tenantProcedure('run-estimates')
  .input(z.object({ estimateId: z.string().min(1).max(120) }))
  .mutation(({ ctx, input }) => ctx.inScope((tx) => end(tx, input.estimateId, 'CANCELLED')))
