import { listAuditChains } from '@driftless/db'
import { memberProcedure } from '@/server/trpc.ts'

/** The logs that the person sees, and up to which entry each was published outside of the database. */
export const listChains = memberProcedure().query(({ ctx }) => ctx.inScope(listAuditChains))
