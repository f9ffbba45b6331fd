import { listApprovalPolicies } from '@driftless/db'
import { memberProcedure } from '@/server/trpc.ts'

/** Who must say go, for each customer in sight: the provider's staff see all of theirs, a customer's people their own. */
export const listPolicies = memberProcedure().query(({ ctx }) => ctx.inScope((tx) => listApprovalPolicies(tx)))
