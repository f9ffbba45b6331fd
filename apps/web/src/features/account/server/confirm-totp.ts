import { confirmSession, confirmTotp as confirm, readTotp } from '@driftless/db'
import { DomainError } from '@driftless/domain'
import { z } from 'zod'
import { countProof, forgetProofs } from '@/server/sign-in-limit.ts'
import { totpStep } from '@/server/sign-in/totp.ts'
import { accountProcedure } from '@/server/trpc.ts'
import { firstCodes } from './first-codes.ts'
import { demandFresh } from './fresh.ts'

/** The first code of a new authenticator app: from now on it is a factor, shown in this session too. Answers recovery codes, once, where there were none. CODE_WRONG, CONFIRM_FIRST, NO_TOTP. */
export const confirmTotp = accountProcedure({ enrolling: true })
  .input(z.object({ code: z.string().max(20) }))
  .mutation(async ({ ctx, input }) => {
    const { person, session } = ctx
    const now = new Date()
    await countProof(person.userId)
    const enrolled = await ctx.inScope(async (tx) => {
      await demandFresh(tx, session, now)
      const row = await readTotp(tx, person.userId)
      if (row === null || row.confirmedAt !== null) throw new DomainError('NO_TOTP', 'No authenticator app is being set up.')
      const step = await totpStep(row, input.code, now)
      if (step === null || !(await confirm(tx, person, row.id, step, now))) throw new DomainError('CODE_WRONG', 'This is not the code that the app shows now.')
      await confirmSession(tx, session.id, ['TOTP'], now)
      return { recoveryCodes: await firstCodes(tx, person) }
    })
    await forgetProofs(person.userId)
    return enrolled
  })
