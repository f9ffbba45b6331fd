import { listEstimates as list } from '@driftless/db'
import { tenantProcedure } from '@/server/trpc.ts'

/** The tenant's observations, newest first. */
export const listEstimates = tenantProcedure().query(({ ctx }) => ctx.inScope(list))
