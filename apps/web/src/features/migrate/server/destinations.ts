import { listDestinations } from '@driftless/db'
import { tenantProcedure } from '@/server/trpc.ts'

/** Where the customer may go. */
export const destinations = tenantProcedure().query(({ ctx }) => ctx.inScope(listDestinations))
