import { DomainError } from '@driftless/domain'
import { accountProcedure } from '@/server/trpc.ts'
import { issueCodes } from './first-codes.ts'
import { demandFresh, enrolledOf } from './fresh.ts'

/** Ten new recovery codes, shown this once, in the place of all before. CONFIRM_FIRST, SECOND_FACTOR_MISSING. */
export const renewRecoveryCodes = accountProcedure({ enrolling: false }).mutation(({ ctx }) =>
  ctx.inScope(async (tx) => {
    await demandFresh(tx, ctx.session, new Date())
    const { totp, passkeys } = await enrolledOf(tx, ctx.person.userId)
    if (!totp && passkeys === 0) throw new DomainError('SECOND_FACTOR_MISSING', 'Recovery codes stand in for a second factor. Set one up first.')
    return { recoveryCodes: await issueCodes(tx, ctx.person) }
  }))
