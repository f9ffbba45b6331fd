import { startEstimate as start } from '@driftless/db'
import { z } from 'zod'
import { tenantProcedure } from '@/server/trpc.ts'

/** As many VMs as one wave may have: an estimate leads to a wave. */
const MOST_VMS = 500
/** No courier takes longer; none arrives before it has left. */
const LONGEST_SHIPPING_DAYS = 60

/** Starts an observation; the agent of the site hears of it through its desired state. Answers the estimate's id. */
export const startEstimate = tenantProcedure('run-estimates')
  .input(z.object({
    siteId: z.string().min(1).max(120),
    name: z.string().trim().min(1).max(120),
    vmIds: z.array(z.string().min(1).max(120)).min(1).max(MOST_VMS),
    durationSeconds: z.number().int(),
    shippingDays: z.number().positive().max(LONGEST_SHIPPING_DAYS),
  }))
  .mutation(({ ctx, input }) => ctx.inScope((tx) => start(tx, { ...input, vmIds: [...new Set(input.vmIds)] }, new Date())))
