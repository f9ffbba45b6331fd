import { removeTotp as remove } from '@driftless/db'
import { accountProcedure } from '@/server/trpc.ts'
import { demandFresh } from './fresh.ts'

/** Takes the authenticator app away. CONFIRM_FIRST, NO_TOTP, LAST_FACTOR. */
export const removeTotp = accountProcedure({ enrolling: false }).mutation(({ ctx }) =>
  ctx.inScope(async (tx) => {
    await demandFresh(tx, ctx.session, new Date())
    await remove(tx, ctx.person, ctx.session.policy)
  }))
