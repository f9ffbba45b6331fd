import { challengeSession, readFactors } from '@driftless/db'
import { brandOf } from '@/server/brand.ts'
import { creationOptions, newChallenge } from '@/server/sign-in/webauthn.ts'
import { accountProcedure } from '@/server/trpc.ts'
import { demandFresh } from './fresh.ts'

/** What the browser is asked to make a new passkey. CONFIRM_FIRST. */
export const startPasskey = accountProcedure({ enrolling: true }).mutation(async ({ ctx }) => {
  const { person, session } = ctx
  const challenge = newChallenge()
  const passkeys = await ctx.inScope(async (tx) => {
    await demandFresh(tx, session, new Date())
    await challengeSession(tx, session.id, challenge, new Date())
    return (await readFactors(tx, person.userId)).passkeys
  })
  return creationOptions(person, (await brandOf(person.providerId))?.name ?? 'Driftless', challenge, passkeys)
})
