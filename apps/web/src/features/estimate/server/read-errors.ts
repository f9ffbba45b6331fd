import { listSitesWithErrors } from '@driftless/db'
import { memberProcedure } from '@/server/trpc.ts'

/** How right the estimates of each source site were that the person sees: a customer's own, or those of a provider's customers. */
export const readErrors = memberProcedure().query(({ ctx }) => ctx.inScope(listSitesWithErrors))
