import { decideBooking as decide } from '@driftless/db'
import { z } from 'zod'
import { providerProcedure } from '@/server/trpc.ts'
import { migrationsOfBooking, wakeBooking } from './wake-booking.ts'

/** The scheduler's yes or no to a request; a no needs a reason. */
export const decideBooking = providerProcedure('decide-bookings')
  .input(z.object({ bookingId: z.string().min(1).max(120), approve: z.boolean(), reason: z.string().trim().max(500).transform((reason) => reason || null) }))
  .mutation(async ({ ctx, input }) => {
    const migrations = await ctx.inScope(async (tx) => {
      await decide(tx, input, new Date())
      return migrationsOfBooking(tx, input.bookingId)
    })
    await wakeBooking(input.bookingId, migrations)
  })
