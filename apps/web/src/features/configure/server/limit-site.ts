import { limitSite as limit } from '@driftless/db'
import { z } from 'zod'
import { memberProcedure } from '@/server/trpc.ts'
import { ownSite } from './own-site.ts'

/** Sets a site's link rate, in bytes per second; null takes the limit away. */
export const limitSite = memberProcedure()
  .input(z.object({ siteId: z.string().min(1).max(120), bytesPerSecond: z.number().int().positive().nullable() }))
  .mutation(({ ctx, input }) =>
    ctx.inScope(async (tx) => {
      await ownSite(tx, input.siteId, ctx.person)
      await limit(tx, input.siteId, input.bytesPerSecond === null ? null : BigInt(input.bytesPerSecond))
    }))
