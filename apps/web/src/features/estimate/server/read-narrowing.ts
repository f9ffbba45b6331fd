import { createNarrowing } from '@driftless/db'
import { DomainError } from '@driftless/domain'
import { z } from 'zod'
import { tenantProcedure } from '@/server/trpc.ts'

/** What was known at a moment that is over is simulated once for all who look. */
const narrowing = createNarrowing()

/** What an observation's estimate was at up to 24 moments, from the data up to each. ESTIMATE_UNKNOWN. */
export const readNarrowing = tenantProcedure()
  .input(z.object({ estimateId: z.string().min(1).max(120) }))
  .query(async ({ ctx, input }) => {
    const moments = await narrowing(ctx.inScope, input.estimateId, new Date())
    if (!moments) throw new DomainError('ESTIMATE_UNKNOWN', 'There is no such estimate.')
    return moments
  })
