import { withdrawBooking as withdraw } from '@driftless/db'
import { z } from 'zod'
import { tenantProcedure } from '@/server/trpc.ts'
import { migrationsOfBooking, wakeBooking } from './wake-booking.ts'

/** Takes a booking back and frees its slot. Answers whether it still held one. */
export const withdrawBooking = tenantProcedure('book-windows')
  .input(z.object({ bookingId: z.string().min(1).max(120) }))
  .mutation(async ({ ctx, input }) => {
    const { withdrawn, migrations } = await ctx.inScope(async (tx) => ({ withdrawn: await withdraw(tx, input.bookingId), migrations: await migrationsOfBooking(tx, input.bookingId) }))
    await wakeBooking(input.bookingId, migrations)
    return withdrawn
  })
