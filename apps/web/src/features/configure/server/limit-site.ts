import { limitProbes, limitSite as limit, scheduleSite } from '@driftless/db'
import { rateRules } from '@driftless/domain'
import { z } from 'zod'
import { memberProcedure } from '@/server/trpc.ts'
import { ownSite } from './own-site.ts'

const schedule = z.object({ zone: z.string().min(1).max(60), rules: rateRules })

/**
 * Sets a site's link rate, in bytes per second; null takes the limit away. With `schedule`, other rates by day and time as
 * well; null takes those away, and left out they stay. With `probeShare`, the part of the time that probes may take.
 */
export const limitSite = memberProcedure()
  .input(z.object({ siteId: z.string().min(1).max(120), bytesPerSecond: z.number().int().positive().nullable(), schedule: schedule.nullable().optional(), probeShare: z.number().optional() }))
  .mutation(({ ctx, input }) =>
    ctx.inScope(async (tx) => {
      await ownSite(tx, input.siteId, ctx.person)
      await limit(tx, input.siteId, input.bytesPerSecond === null ? null : BigInt(input.bytesPerSecond))
      if (input.schedule !== undefined) await scheduleSite(tx, input.siteId, input.schedule)
      if (input.probeShare !== undefined) await limitProbes(tx, input.siteId, input.probeShare)
    }))
