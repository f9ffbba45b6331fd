import { listBillingStarts, MOST_BILLING_ROWS, readBillingSpan } from '@driftless/db'
import { z } from 'zod'
import { providerProcedure } from '@/server/trpc.ts'
import { month, monthOf, monthSpan, monthsBetween } from './month.ts'

/** The billing starts of one month (UTC) and which months there are to choose from. */
export const readBilling = providerProcedure()
  .input(z.object({ month: month.nullable() }))
  .query(({ ctx, input }) =>
    ctx.inScope(async (tx) => {
      const now = new Date()
      const shown = input.month ?? monthOf(now)
      const { from, to } = monthSpan(shown)
      const span = await readBillingSpan(tx)
      const rows = await listBillingStarts(tx, from, to)
      return { month: shown, months: monthsBetween(span?.first ?? now, now), rows, truncated: rows.length === MOST_BILLING_ROWS }
    }))
