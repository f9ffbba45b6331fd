import { listDestinations as list } from '@driftless/db'
import { memberProcedure } from '@/server/trpc.ts'

/** Destinations with their networks and storage. */
export const listDestinations = memberProcedure().query(({ ctx }) => ctx.inScope(list))
