import { changePassword as change, findSignIn } from '@driftless/db'
import { DomainError, PASSWORD_LEAST, PASSWORD_MOST, passwordWeakness } from '@driftless/domain'
import { z } from 'zod'
import { db } from '@/server/db.ts'
import { hashPassword, isPassword } from '@/server/password.ts'
import { countProof, forgetProofs } from '@/server/sign-in-limit.ts'
import { noteRefused } from '@/server/sign-in/refused.ts'
import { accountProcedure } from '@/server/trpc.ts'
import { demandFresh, enrolledOf } from './fresh.ts'

/**
 * Replaces the person's password; every other session of theirs ends. PASSWORD_WRONG (the old one), PASSWORD_WEAK, CONFIRM_FIRST
 * where they have a second factor, PASSWORD_CHANGED, TOO_MANY_TRIES, SIGN_IN_UNAVAILABLE.
 */
export const changePassword = accountProcedure({ enrolling: false })
  .input(z.object({ oldPassword: z.string().min(1).max(PASSWORD_MOST), newPassword: z.string().min(1).max(4 * PASSWORD_MOST) }))
  .mutation(async ({ ctx, input }) => {
    const { person, session } = ctx
    const weakness = passwordWeakness(input.newPassword, person)
    if (weakness !== null) throw new DomainError('PASSWORD_WEAK', 'This password is too short, too long, or among the first that an attacker tries.', { weakness, least: PASSWORD_LEAST, most: PASSWORD_MOST })
    const now = new Date()
    await ctx.inScope(async (tx) => {
      const { totp, passkeys } = await enrolledOf(tx, person.userId)
      if (totp || passkeys > 0) await demandFresh(tx, session, now)
    })
    await countProof(person.userId)
    const oldHash = (await findSignIn(db(), person.email))?.passwordHash ?? null
    if (!(await isPassword(oldHash, input.oldPassword)) || oldHash === null) {
      noteRefused(person, 'WRONG_PASSWORD', ctx.address)
      throw new DomainError('PASSWORD_WRONG', 'This is not your present password.')
    }
    const newHash = await hashPassword(input.newPassword)
    await ctx.inScope((tx) => change(tx, person, { oldHash, newHash, sessionId: session.id, now }))
    await forgetProofs(person.userId)
  })
