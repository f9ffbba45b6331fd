import { readAuditChoices } from '@driftless/db'
import { memberProcedure } from '@/server/trpc.ts'

/** Who and what the filters offer. */
export const readChoices = memberProcedure().query(({ ctx }) => ctx.inScope(readAuditChoices))
