import { listBookableWaves as list } from '@driftless/db'
import { tenantProcedure } from '@/server/trpc.ts'

/** The tenant's waves that still need a window. */
export const listBookableWaves = tenantProcedure().query(({ ctx }) => ctx.inScope((tx) => list(tx, new Date())))
