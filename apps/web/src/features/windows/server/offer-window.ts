import { offerWindow as offer } from '@driftless/db'
import { z } from 'zod'
import { providerProcedure } from '@/server/trpc.ts'
import { migrationsOfBooking, wakeBooking } from './wake-booking.ts'
import { withWindow } from './window-choice.ts'

/** The scheduler offers another time for a request, with a reason. That time is held instead of the one that was asked for. */
export const offerWindow = providerProcedure('decide-bookings')
  .input(withWindow({ bookingId: z.string().min(1).max(120), reason: z.string().trim().max(500) }))
  .mutation(async ({ ctx, input }) => {
    const migrations = await ctx.inScope(async (tx) => {
      await offer(tx, input, new Date())
      return migrationsOfBooking(tx, input.bookingId)
    })
    await wakeBooking(input.bookingId, migrations)
  })
