import { listInventory } from '@driftless/db'
import { tenantProcedure } from '@/server/trpc.ts'

/** The customer's VMs, as the source agents last reported them. */
export const inventory = tenantProcedure().query(({ ctx }) => ctx.inScope(listInventory))
