import { revokeSessionsOf } from '@driftless/db'
import { accountProcedure } from '@/server/trpc.ts'

/** Ends all of the person's sessions but this one. Answers how many there were. */
export const revokeOthers = accountProcedure({ enrolling: false }).mutation(({ ctx }) =>
  ctx.inScope(async (tx) => ({ ended: await revokeSessionsOf(tx, ctx.person.userId, { exceptId: ctx.session.id }) })))
