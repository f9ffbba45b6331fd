import { readAuditLog as read } from '@driftless/db'
import { z } from 'zod'
import { memberProcedure } from '@/server/trpc.ts'
import { auditFilter } from './audit-filter.ts'
import { whose } from './whose.ts'

/** What a screen or two hold; older entries are a click away. */
const PAGE_ENTRIES = 50

/** One page of what happened, newest first; `cursor` is the id that the page before ended with. */
export const readAuditLog = memberProcedure()
  .input(z.object({ filter: auditFilter, cursor: z.string().regex(/^\d{1,18}$/).nullish() }))
  .query(({ ctx, input }) => ctx.inScope((tx) => read(tx, { ...input.filter, ...whose(ctx.person) }, PAGE_ENTRIES, input.cursor ? BigInt(input.cursor) : null)))
