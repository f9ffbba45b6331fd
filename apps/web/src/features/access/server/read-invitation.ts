import { findInvitation, tokenHash } from '@driftless/db'
import { DomainError } from '@driftless/domain'
import { z } from 'zod'
import { db } from '@/server/db.ts'
import { token } from '@/server/token.ts'
import { publicProcedure } from '@/server/trpc.ts'

/** The open invitation of a token. INVITATION_UNKNOWN, whatever is wrong with it. */
export async function openInvitation(sought: string) {
  const found = await findInvitation(db(), tokenHash(sought))
  if (found === null) throw new DomainError('INVITATION_UNKNOWN', 'This invitation is no longer open.')
  return found
}

/** Who invites whom to what. Not counted: nobody guesses 256 bits. A mutation only so that the token travels in a body, which no log keeps. */
export const readInvitation = publicProcedure
  .input(z.object({ token }))
  .mutation(async ({ input }) => {
    const { email, name, role, organisation, providerName, invitedBy, connectionId, enforced } = await openInvitation(input.token)
    return { email, name, role, organisation, providerName, invitedBy, connectionId, enforced }
  })
