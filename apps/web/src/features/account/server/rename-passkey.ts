import { renamePasskey as rename } from '@driftless/db'
import { z } from 'zod'
import { accountProcedure } from '@/server/trpc.ts'
import { passkeyName } from './add-passkey.ts'

/** PASSKEY_UNKNOWN. */
export const renamePasskey = accountProcedure({ enrolling: false })
  .input(z.object({ passkeyId: z.string().min(1).max(120), name: passkeyName }))
  .mutation(({ ctx, input }) => ctx.inScope((tx) => rename(tx, ctx.person, input.passkeyId, input.name)))
