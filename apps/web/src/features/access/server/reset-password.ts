import { findPasswordReset, inScope, resetPassword as reset, tokenHash } from '@driftless/db'
import { DomainError } from '@driftless/domain'
import { z } from 'zod'
import { db } from '@/server/db.ts'
import { countAttempt } from '@/server/sign-in-limit.ts'
import { token } from '@/server/token.ts'
import { publicProcedure } from '@/server/trpc.ts'
import { chosenPassword, password } from './choose-password.ts'

/** Puts a new password in place of the forgotten one and ends all sessions; second factors stay. RESET_UNKNOWN, PASSWORD_WEAK. */
export const resetPassword = publicProcedure
  .input(z.object({ token, password }))
  .mutation(async ({ ctx, input }) => {
    const found = await findPasswordReset(db(), tokenHash(input.token))
    if (found === null) throw new DomainError('RESET_UNKNOWN', 'This link was used, or its time is over.')
    // Not the token, which nobody guesses: the hash that follows costs.
    await countAttempt(ctx.address)
    const passwordHash = await chosenPassword(input.password, found)
    const actor = { kind: 'USER', id: found.userId, name: found.name, address: ctx.address } as const
    await inScope(db(), { kind: 'provider', providerId: found.providerId, actor }, (tx) => reset(tx, found, passwordHash, new Date()))
    return { email: found.email }
  })
