import { forecastWave } from '@driftless/db'
import { DomainError } from '@driftless/domain'
import { z } from 'zod'
import { tenantProcedure } from '@/server/trpc.ts'
import { id, MOST_VMS, rateBytesPerSecond } from './shapes.ts'

/** What moving these VMs would take. */
export const forecast = tenantProcedure()
  .input(z.object({ siteId: id, vmIds: z.array(id).min(1).max(MOST_VMS), rateBytesPerSecond: rateBytesPerSecond.nullable() }))
  .query(async ({ ctx, input }) => {
    const found = await ctx.inScope((tx) => forecastWave(tx, input.siteId, input.vmIds, input.rateBytesPerSecond, new Date()))
    if (!found) throw new DomainError('VM_UNKNOWN', 'There is no such VM at this site.')
    return found
  })
