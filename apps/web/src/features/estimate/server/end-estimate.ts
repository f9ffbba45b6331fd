import { endEstimate as end, readEstimateQuestion, readWaveFacts } from '@driftless/db'
import { DomainError, forecastWave } from '@driftless/domain'
import { z } from 'zod'
import { tenantProcedure } from '@/server/trpc.ts'

/**
 * Ends an observation early; what was seen stays, and what it comes to is kept as an estimate, simulated outside of any transaction.
 * Answers whether it was still running. ESTIMATE_UNKNOWN.
 */
export const endEstimate = tenantProcedure('run-estimates')
  .input(z.object({ estimateId: z.string().min(1).max(120) }))
  .mutation(async ({ ctx, input: { estimateId } }) => {
    const now = new Date()
    const known = await ctx.inScope(async (tx) => {
      const question = await readEstimateQuestion(tx, estimateId, now)
      if (!question) throw new DomainError('ESTIMATE_UNKNOWN', 'There is no such estimate.')
      return question.observing ? { facts: await readWaveFacts(tx, question, now) } : null
    })
    if (known === null) return false
    const kept = known.facts && { ...known.facts, forecast: forecastWave(known.facts.input) }
    return ctx.inScope((tx) => end(tx, estimateId, 'CANCELLED', now, kept))
  })
