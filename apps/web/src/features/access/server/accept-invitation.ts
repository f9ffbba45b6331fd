import { acceptInvitation as accept, inScope } from '@driftless/db'
import { DomainError } from '@driftless/domain'
import { z } from 'zod'
import { db } from '@/server/db.ts'
import { countAttempt } from '@/server/sign-in-limit.ts'
import { token } from '@/server/token.ts'
import { publicProcedure } from '@/server/trpc.ts'
import { chosenPassword, password } from './choose-password.ts'
import { openInvitation } from './read-invitation.ts'

/** Accepts an invitation with a name and a password; of many at once one wins. INVITATION_UNKNOWN, PASSWORD_WEAK, SIGN_ON_REQUIRED, EMAIL_TAKEN. */
export const acceptInvitation = publicProcedure
  .input(z.object({ token, name: z.string().trim().min(1).max(120), password }))
  .mutation(async ({ ctx, input }) => {
    const { name } = input
    const invitation = await openInvitation(input.token)
    // Not the token, which nobody guesses: the hash that follows costs.
    await countAttempt(ctx.address)
    if (invitation.enforced && invitation.role !== 'PROVIDER_ADMIN') throw new DomainError('SIGN_ON_REQUIRED', 'This organisation signs its people in itself.')
    const passwordHash = await chosenPassword(input.password, { email: invitation.email, name })
    const actor = { kind: 'USER', id: invitation.id, name, address: ctx.address } as const
    await inScope(db(), { kind: 'provider', providerId: invitation.providerId, actor }, (tx) => accept(tx, invitation, { name, passwordHash }, new Date()))
    return { email: invitation.email }
  })
