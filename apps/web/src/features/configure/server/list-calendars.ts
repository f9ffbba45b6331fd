import { listSiteCalendars } from '@driftless/db'
import { providerProcedure } from '@/server/trpc.ts'

/** What the provider publishes for each of its target sites. */
export const listCalendars = providerProcedure().query(({ ctx }) => ctx.inScope((tx) => listSiteCalendars(tx)))
