import { confirmSession, findSignIn, takeChallenge } from '@driftless/db'
import { DomainError, PASSWORD_MOST } from '@driftless/domain'
import { z } from 'zod'
import { db } from '@/server/db.ts'
import { isPassword } from '@/server/password.ts'
import { countProof, forgetProofs } from '@/server/sign-in-limit.ts'
import { proof, prove, REFUSAL_OF } from '@/server/sign-in/prove.ts'
import { noteRefused } from '@/server/sign-in/refused.ts'
import { accountProcedure } from '@/server/trpc.ts'
import { enrolledOf } from './fresh.ts'

/**
 * Shows again that it is still the same person, before something sensitive: by a second factor; by password only where there is
 * none. PASSWORD_WRONG, CODE_WRONG, PASSKEY_WRONG, SECOND_FACTOR_NEEDED, TOO_MANY_TRIES, SIGN_IN_UNAVAILABLE.
 */
export const confirm = accountProcedure({ enrolling: true })
  .input(z.union([proof, z.object({ method: z.literal('PASSWORD'), password: z.string().min(1).max(PASSWORD_MOST) })]))
  .mutation(async ({ ctx, input }) => {
    const { person, session } = ctx
    const now = new Date()
    await countProof(person.userId)
    if (input.method === 'PASSWORD') {
      const stored = (await findSignIn(db(), person.email))?.passwordHash ?? null
      if (!(await isPassword(stored, input.password))) {
        noteRefused(person, 'WRONG_PASSWORD', ctx.address)
        throw new DomainError('PASSWORD_WRONG', 'This is not your password.')
      }
      await ctx.inScope(async (tx) => {
        const { totp, passkeys } = await enrolledOf(tx, person.userId)
        if (totp || passkeys > 0) throw new DomainError('SECOND_FACTOR_NEEDED', 'Confirm with your second factor.')
        await confirmSession(tx, session.id, ['PASSWORD'], now)
      })
    } else {
      const factor = await ctx.inScope(async (tx) => {
        const shown = await prove(tx, person, input, await takeChallenge(tx, session.id, now), now)
        if (shown !== null) await confirmSession(tx, session.id, [shown], now)
        return shown
      })
      if (factor === null) {
        noteRefused(person, REFUSAL_OF[input.method], ctx.address)
        throw new DomainError(input.method === 'PASSKEY' ? 'PASSKEY_WRONG' : 'CODE_WRONG', 'This is not your second factor.')
      }
    }
    await forgetProofs(person.userId)
  })
