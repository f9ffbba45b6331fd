import { randomUUID } from 'node:crypto'
import { startTotp as start } from '@driftless/db'
import { brandOf } from '@/server/brand.ts'
import { newTotp } from '@/server/sign-in/totp.ts'
import { accountProcedure } from '@/server/trpc.ts'
import { demandFresh } from './fresh.ts'

/** A new authenticator app's secret, as a picture and as text; it counts once a code of it has come. CONFIRM_FIRST, TOTP_EXISTS. */
export const startTotp = accountProcedure({ enrolling: true }).mutation(async ({ ctx }) => {
  const { person, session } = ctx
  const id = randomUUID()
  const { secret, sealed, svg } = newTotp(id, (await brandOf(person.providerId))?.name ?? 'Driftless', person.email)
  await ctx.inScope(async (tx) => {
    await demandFresh(tx, session, new Date())
    await start(tx, person, id, sealed)
  })
  return { secret, svg }
})
