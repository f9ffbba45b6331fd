import { bookWindow as book } from '@driftless/db'
import { z } from 'zod'
import { tenantProcedure } from '@/server/trpc.ts'
import { migrationsOfBooking, wakeBooking } from './wake-booking.ts'

/** Requests a service window for a wave; its slot is held from now on. Answers the booking's id. */
export const bookWindow = tenantProcedure('book-windows')
  .input(z.object({ waveId: z.string().min(1).max(120), startsAt: z.date(), endsAt: z.date(), note: z.string().trim().max(500).transform((note) => note || null) }))
  .mutation(async ({ ctx, input }) => {
    const { bookingId, migrations } = await ctx.inScope(async (tx) => {
      const made = await book(tx, input, Date.now())
      return { bookingId: made, migrations: await migrationsOfBooking(tx, made) }
    })
    await wakeBooking(bookingId, migrations)
    return bookingId
  })
