import { listWaves } from '@driftless/db'
import { tenantProcedure } from '@/server/trpc.ts'

/** The customer's waves, newest first. */
export const waves = tenantProcedure().query(({ ctx }) => ctx.inScope(listWaves))
