import { revokeSessionsOf as revoke } from '@driftless/db'
import { z } from 'zod'
import { providerProcedure } from '@/server/trpc.ts'

/** Ends all sessions of somebody of the provider or its customers. Answers how many there were. USER_UNKNOWN. */
export const revokeSessionsOf = providerProcedure('manage-provider')
  .input(z.object({ userId: z.string().min(1).max(120) }))
  .mutation(({ ctx, input }) => ctx.inScope(async (tx) => ({ ended: await revoke(tx, input.userId) })))
