import { decideBooking as decide } from '@driftless/db'
import { z } from 'zod'
import { providerProcedure } from '@/server/trpc.ts'

/** The scheduler's yes or no to a request; a no needs a reason. */
export const decideBooking = providerProcedure('decide-bookings')
  .input(z.object({ bookingId: z.string().min(1).max(64), approve: z.boolean(), reason: z.string().trim().max(500).transform((reason) => reason || null) }))
  .mutation(({ ctx, input }) => ctx.inScope((tx) => decide(tx, input, new Date())))
