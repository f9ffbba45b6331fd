import { listObservableVms } from '@driftless/db'
import { tenantProcedure } from '@/server/trpc.ts'

/** The VMs that an observation can be started for. */
export const listVms = tenantProcedure().query(({ ctx }) => ctx.inScope(listObservableVms))
