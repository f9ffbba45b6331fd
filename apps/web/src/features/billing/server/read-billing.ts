import { databaseNow, listBillingStarts, MOST_BILLING_ROWS, readBillingSpan, readStatements } from '@driftless/db'
import { z } from 'zod'
import { memberProcedure } from '@/server/trpc.ts'
import { month, monthOf, monthSpan, monthsBetween } from './month.ts'

/** The statements and billing starts of one month (UTC) and which months there are to choose from: a customer's own, or all of a provider's. */
export const readBilling = memberProcedure()
  .input(z.object({ month: month.nullable() }))
  .query(({ ctx, input }) =>
    ctx.inScope(async (tx) => {
      const now = await databaseNow(tx)
      const shown = input.month ?? monthOf(now)
      const { from, to } = monthSpan(shown)
      const span = await readBillingSpan(tx)
      const rows = await listBillingStarts(tx, from, to)
      const statements = await readStatements(tx, from, to, now)
      return { month: shown, statements, months: monthsBetween(span?.first ?? now, now), rows, truncated: rows.length === MOST_BILLING_ROWS }
    }))
