import { challengeSession, readFactors } from '@driftless/db'
import { newChallenge, requestOptions } from '@/server/sign-in/webauthn.ts'
import { accountProcedure } from '@/server/trpc.ts'

/** What the browser is asked when a passkey of the person's confirms that it is them. */
export const passkeyRequest = accountProcedure({ enrolling: true }).mutation(async ({ ctx }) => {
  const challenge = newChallenge()
  const passkeys = await ctx.inScope(async (tx) => {
    await challengeSession(tx, ctx.session.id, challenge, new Date())
    return (await readFactors(tx, ctx.person.userId)).passkeys
  })
  return requestOptions(challenge, passkeys)
})
