import { readEstimate as read } from '@driftless/db'
import { DomainError } from '@driftless/domain'
import { z } from 'zod'
import { tenantProcedure } from '@/server/trpc.ts'

/** One observation: what is known so far, and all that the page simulates its move with. ESTIMATE_UNKNOWN. */
export const readEstimate = tenantProcedure()
  .input(z.object({ estimateId: z.string().min(1).max(120) }))
  .query(async ({ ctx, input }) => {
    const now = new Date()
    const reading = await ctx.inScope((tx) => read(tx, input.estimateId, now))
    if (!reading) throw new DomainError('ESTIMATE_UNKNOWN', 'There is no such estimate.')
    return { ...reading, asOf: now }
  })
