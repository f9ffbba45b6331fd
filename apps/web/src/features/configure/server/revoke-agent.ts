import { revokeAgent as revoke } from '@driftless/db'
import { z } from 'zod'
import { memberProcedure } from '@/server/trpc.ts'
import { ownAgent } from './own-agent.ts'

/** Trusts an agent of a site of the person's own no more: it is cut off, and so are its streams, within seconds. */
export const revokeAgent = memberProcedure()
  .input(z.object({ agentId: z.string().min(1).max(120), reason: z.string().max(500) }))
  .mutation(({ ctx, input }) =>
    ctx.inScope(async (tx) => {
      const agent = await ownAgent(tx, input.agentId, ctx.person)
      await revoke(tx, agent.id, input.reason)
    }))
