import { databaseNow, readWays } from '@driftless/db'
import { DomainError } from '@driftless/domain'
import { z } from 'zod'
import { MOST_VMS, rateBytesPerSecond } from '@/features/migrate/server/shapes.ts'
import { tenantProcedure } from '@/server/trpc.ts'
import { id, transitDays } from './shapes.ts'

/** Wire or lorry for VMs of a site. `deviceBytes`: what the chosen devices hold; null: enough. */
export const planWays = tenantProcedure()
  .input(z.object({ siteId: id, vmIds: z.array(id).min(1).max(MOST_VMS), rateBytesPerSecond: rateBytesPerSecond.nullable(), shippingDays: transitDays, deviceBytes: z.number().int().min(0).nullable() }))
  .query(async ({ ctx, input }) => {
    const ways = await ctx.inScope(async (tx) => readWays(tx, input, await databaseNow(tx)))
    if (!ways) throw new DomainError('VM_UNKNOWN', 'There is no such VM at this site.')
    return ways
  })
