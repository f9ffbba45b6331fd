import { listSessions, revokeSession as revoke } from '@driftless/db'
import { DomainError } from '@driftless/domain'
import { z } from 'zod'
import { accountProcedure } from '@/server/trpc.ts'

/** Ends one of the person's own sessions. SESSION_UNKNOWN, also for a colleague's. */
export const revokeSession = accountProcedure({ enrolling: false })
  .input(z.object({ sessionId: z.string().min(1).max(120) }))
  .mutation(({ ctx, input }) =>
    ctx.inScope(async (tx) => {
      const now = new Date()
      const own = await listSessions(tx, ctx.person.userId, now)
      if (!own.some((session) => session.id === input.sessionId)) throw new DomainError('SESSION_UNKNOWN', 'There is no such session, or it has ended.')
      await revoke(tx, input.sessionId, now)
    }))
