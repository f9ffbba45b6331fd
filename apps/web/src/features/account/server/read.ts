import { findSignIn, readFactors } from '@driftless/db'
import { isFresh } from '@driftless/domain'
import { db } from '@/server/db.ts'
import { passkeysPossible } from '@/server/sign-in/webauthn.ts'
import { accountProcedure } from '@/server/trpc.ts'

/** How the person signs in, what their organisation demands, and what they can confirm themselves with. */
export const read = accountProcedure({ enrolling: true }).query(async ({ ctx }) => {
  const { session, person } = ctx
  const factors = await ctx.inScope((tx) => readFactors(tx, person.userId))
  const hasPassword = ((await findSignIn(db(), person.email))?.passwordHash ?? null) !== null
  const enrolled = { totp: factors.totpSince !== null, passkeys: factors.passkeys.length }
  return {
    name: person.name, email: person.email, role: person.role, hasPassword,
    policy: session.policy, restricted: session.restricted, passkeysPossible: passkeysPossible(),
    fresh: isFresh({ authenticatedAtMs: session.authenticatedAt.getTime(), factors: session.factors }, enrolled, Date.now()),
    totpSince: factors.totpSince, recoveryCodesLeft: factors.recoveryCodesLeft,
    passkeys: factors.passkeys.map(({ id, name, synced, createdAt, lastUsedAt }) => ({ id, name, synced, createdAt, lastUsedAt })),
  }
})
