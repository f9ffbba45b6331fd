import { findSignIn, inScope, mustUseSignOn, offerPasswordReset } from '@driftless/db'
import { z } from 'zod'
import { mailReset, resetLink } from '@/features/people/server/mails.ts'
import { db } from '@/server/db.ts'
import { log } from '@/server/log.ts'
import { hasMail } from '@/server/mail.ts'
import { countAttempt } from '@/server/sign-in-limit.ts'
import { newToken } from '@/server/token.ts'
import { publicProcedure } from '@/server/trpc.ts'

/**
 * Has a link to a new password sent. Answered before anything is looked up, so that neither the answer nor its time tells
 * whether there is such a person. `mails`: whether this installation sends any.
 */
export const forgotPassword = publicProcedure
  .input(z.object({ email: z.email().max(254).toLowerCase() }))
  .mutation(async ({ ctx, input }) => {
    await countAttempt(ctx.address)
    if (hasMail()) void sendReset(input.email, ctx.address).catch((error: unknown) => log().error({ err: error, requestId: ctx.requestId }, 'a link to a new password was not sent'))
    return { mails: hasMail() }
  })

async function sendReset(email: string, address: string | null): Promise<void> {
  const found = await findSignIn(db(), email)
  // Whose organisation signs them in itself has no password here to forget.
  if (!found || (await mustUseSignOn(db(), found.id))) return
  const { token, hash } = newToken()
  const actor = { kind: 'USER', id: found.id, name: found.name, address } as const
  const person = await inScope(db(), { kind: 'provider', providerId: found.providerId, actor }, (tx) => offerPasswordReset(tx, found.id, hash, new Date(), true))
  if (person !== null) await mailReset(person, resetLink(token))
}
