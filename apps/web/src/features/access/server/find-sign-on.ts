import { findSignOn as find } from '@driftless/db'
import { domainOf } from '@driftless/domain'
import { z } from 'zod'
import { db } from '@/server/db.ts'
import { countAttempt } from '@/server/sign-in-limit.ts'
import { publicProcedure } from '@/server/trpc.ts'

/** The sign-on of an e-mail address's domain; null where there is none. Says nothing of whether there is such a person. */
export const findSignOn = publicProcedure
  .input(z.object({ email: z.email().max(254) }))
  .mutation(async ({ ctx, input }) => {
    await countAttempt(ctx.address)
    return { connectionId: await find(db(), domainOf(input.email) ?? '') }
  })
