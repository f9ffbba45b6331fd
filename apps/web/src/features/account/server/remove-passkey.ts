import { readFactors, removePasskey as remove } from '@driftless/db'
import { DomainError } from '@driftless/domain'
import { z } from 'zod'
import { accountProcedure } from '@/server/trpc.ts'
import { demandFresh } from './fresh.ts'

/** CONFIRM_FIRST, PASSKEY_UNKNOWN, LAST_FACTOR. */
export const removePasskey = accountProcedure({ enrolling: false })
  .input(z.object({ passkeyId: z.string().min(1).max(120) }))
  .mutation(({ ctx, input }) =>
    ctx.inScope(async (tx) => {
      const { passkeys } = await readFactors(tx, ctx.person.userId)
      if (!passkeys.some((passkey) => passkey.id === input.passkeyId)) throw new DomainError('PASSKEY_UNKNOWN', 'There is no such passkey.')
      await demandFresh(tx, ctx.session, new Date())
      await remove(tx, ctx.person, input.passkeyId, ctx.session.policy)
    }))
