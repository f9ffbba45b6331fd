import { createEnrolmentToken } from '@driftless/db'
import { z } from 'zod'
import { gatewayUrl } from '@/env.ts'
import { memberProcedure } from '@/server/trpc.ts'
import { ownSite } from './own-site.ts'

/** Makes a single-use token for an agent at a site of the person's own. The answer is the only place where it is ever readable. */
export const createToken = memberProcedure()
  .input(z.object({ siteId: z.string().min(1).max(120) }))
  .mutation(async ({ ctx, input }) => {
    const made = await ctx.inScope(async (tx) => {
      const site = await ownSite(tx, input.siteId, ctx.person)
      return { siteName: site.name, ...(await createEnrolmentToken(tx, input.siteId)) }
    })
    return { ...made, gatewayUrl: gatewayUrl() }
  })
