import { listSessions } from '@driftless/db'
import { DomainError } from '@driftless/domain'
import { z } from 'zod'
import { providerProcedure } from '@/server/trpc.ts'

/** Where somebody of the provider or its customers is signed in, for whoever runs the portal. USER_UNKNOWN. */
export const sessionsOf = providerProcedure('manage-provider')
  .input(z.object({ userId: z.string().min(1).max(120) }))
  .query(({ ctx, input }) =>
    ctx.inScope(async (tx) => {
      if (!(await tx.db.user.findUnique({ where: { id: input.userId }, select: { id: true } }))) throw new DomainError('USER_UNKNOWN', 'There is no such person.')
      return listSessions(tx, input.userId, new Date())
    }))
