import { listCalendarConflicts } from '@driftless/db'
import { checkCalendar as check, DomainError, siteCalendar } from '@driftless/domain'
import { z } from 'zod'
import { providerProcedure } from '@/server/trpc.ts'

/** Which bookings a calendar that is not saved yet would be at odds with; throws what is wrong with the calendar itself. */
export const checkCalendar = providerProcedure('manage-provider-sites')
  .input(z.object({ siteId: z.string().min(1).max(120), calendar: siteCalendar }))
  .query(({ ctx, input }) =>
    ctx.inScope(async (tx) => {
      if ((await tx.db.site.count({ where: { id: input.siteId, kind: 'TARGET' } })) === 0) throw new DomainError('SITE_UNKNOWN', 'There is no such target site.')
      check(input.calendar)
      return listCalendarConflicts(tx, input.siteId, input.calendar, new Date())
    }))
