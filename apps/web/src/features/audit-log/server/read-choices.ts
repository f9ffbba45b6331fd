import { readAuditChoices } from '@driftless/db'
import { memberProcedure } from '@/server/trpc.ts'
import { whose } from './whose.ts'

/** Who and what the filters offer. */
export const readChoices = memberProcedure().query(({ ctx }) => ctx.inScope((tx) => readAuditChoices(tx, whose(ctx.person))))
