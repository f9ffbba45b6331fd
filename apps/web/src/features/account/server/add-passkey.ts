import { addPasskey as add, confirmSession, takeChallenge } from '@driftless/db'
import { DomainError } from '@driftless/domain'
import { z } from 'zod'
import { attestation, verifyAttestation } from '@/server/sign-in/webauthn.ts'
import { accountProcedure } from '@/server/trpc.ts'
import { firstCodes } from './first-codes.ts'
import { demandFresh } from './fresh.ts'

export const passkeyName = z.string().trim().min(1).max(60)

/** Enrols the passkey that the browser has made. Answers recovery codes, once, where there were none. PASSKEY_WRONG, PASSKEY_EXISTS, TOO_MANY_PASSKEYS, CONFIRM_FIRST. */
export const addPasskey = accountProcedure({ enrolling: true })
  .input(z.object({ name: passkeyName, response: attestation }))
  .mutation(async ({ ctx, input }) => {
    const { person, session } = ctx
    const now = new Date()
    // Used up whatever comes of it, so not in the transaction that a refusal undoes.
    const challenge = await ctx.inScope(async (tx) => {
      await demandFresh(tx, session, now)
      return takeChallenge(tx, session.id, now)
    })
    const made = challenge === null ? null : await verifyAttestation(input.response, challenge)
    if (made === null) throw new DomainError('PASSKEY_WRONG', 'The passkey was not made for this portal, or it took too long.')
    return ctx.inScope(async (tx) => {
      await add(tx, person, { name: input.name, ...made })
      await confirmSession(tx, session.id, ['PASSKEY'], now)
      return { recoveryCodes: await firstCodes(tx, person) }
    })
  })
