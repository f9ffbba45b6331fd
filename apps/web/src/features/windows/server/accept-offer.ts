import { acceptOffer as accept } from '@driftless/db'
import { z } from 'zod'
import { tenantProcedure } from '@/server/trpc.ts'
import { migrationsOfBooking, wakeBooking } from './wake-booking.ts'

/** The customer takes the time that the provider offered: the window is approved. */
export const acceptOffer = tenantProcedure('book-windows')
  .input(z.object({ bookingId: z.string().min(1).max(120) }))
  .mutation(async ({ ctx, input }) => {
    const migrations = await ctx.inScope(async (tx) => {
      await accept(tx, input.bookingId, new Date())
      return migrationsOfBooking(tx, input.bookingId)
    })
    await wakeBooking(input.bookingId, migrations)
  })
