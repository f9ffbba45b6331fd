import { randomBytes } from 'node:crypto'
import { openSignInTicket } from '@driftless/db'
import { db } from '@/server/db.ts'
import { countAttempt } from '@/server/sign-in-limit.ts'
import { newChallenge, requestOptions } from '@/server/sign-in/webauthn.ts'
import { publicProcedure } from '@/server/trpc.ts'

/** The beginning of a sign-in by passkey alone: what the browser is asked, and the ticket that next-auth's provider `passkey` takes with its answer. */
export const passkey = publicProcedure.mutation(async ({ ctx }) => {
  await countAttempt(ctx.address)
  const ticket = randomBytes(32).toString('base64url')
  const challenge = newChallenge()
  await openSignInTicket(db(), ticket, null, challenge)
  return { ticket, options: await requestOptions(challenge) }
})
