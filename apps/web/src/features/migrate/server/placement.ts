import { readPlacement } from '@driftless/db'
import { z } from 'zod'
import { tenantProcedure } from '@/server/trpc.ts'
import { id } from './shapes.ts'

/** Where one VM runs; null: its hypervisor does not say. Asked for one at a time, so that the inventory stays light. */
export const placement = tenantProcedure()
  .input(z.object({ vmId: id }))
  .query(({ ctx, input }) => ctx.inScope((tx) => readPlacement(tx, input.vmId)))
