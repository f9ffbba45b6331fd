import { saveCalendar as save } from '@driftless/db'
import { siteCalendar } from '@driftless/domain'
import { z } from 'zod'
import { providerProcedure } from '@/server/trpc.ts'

/** Publishes a target site's calendar. `acknowledged`: bookings at odds with it that the person was shown; they stay as they are. */
export const saveCalendar = providerProcedure('manage-provider-sites')
  .input(z.object({ siteId: z.string().min(1).max(120), calendar: siteCalendar, revision: z.number().int().positive().nullable(), acknowledged: z.array(z.string().max(120)).max(1_000).default([]) }))
  .mutation(({ ctx, input }) => ctx.inScope((tx) => save(tx, input, new Date())))
