import { offerPasswordReset } from '@driftless/db'
import { DomainError } from '@driftless/domain'
import { z } from 'zod'
import { newToken } from '@/server/token.ts'
import { providerProcedure } from '@/server/trpc.ts'
import { resetLink } from './mails.ts'

/** A link by which somebody chooses a new password, once, within half an hour: for installations that send no mails. Shown once. */
export const makeResetLink = providerProcedure('manage-people')
  .input(z.object({ userId: z.string().min(1).max(120) }))
  .mutation(async ({ ctx, input }) => {
    // Their own password people change under their own account, where the old one is asked for.
    if (input.userId === ctx.person.userId) throw new DomainError('OWN_ACCOUNT', 'Nobody changes their own account here.')
    const { token, hash } = newToken()
    await ctx.inScope((tx) => offerPasswordReset(tx, input.userId, hash, new Date(), false))
    return { link: resetLink(token) }
  })
