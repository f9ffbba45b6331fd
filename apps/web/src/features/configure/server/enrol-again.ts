import { createAgentToken } from '@driftless/db'
import { z } from 'zod'
import { gatewayUrl } from '@/env.ts'
import { memberProcedure } from '@/server/trpc.ts'
import { ownAgent } from './own-agent.ts'

/**
 * Makes a single-use token with which an agent that is there already is let in again as who it is. The answer is the only place where
 * it is ever readable.
 */
export const enrolAgain = memberProcedure()
  .input(z.object({ agentId: z.string().min(1).max(120) }))
  .mutation(async ({ ctx, input }) => {
    const made = await ctx.inScope(async (tx) => {
      const agent = await ownAgent(tx, input.agentId, ctx.person)
      return { siteName: agent.siteName, ...(await createAgentToken(tx, agent.id)) }
    })
    return { ...made, gatewayUrl: gatewayUrl() }
  })
