import { bookWindow as book } from '@driftless/db'
import { HIGHEST_LINK_BYTES_PER_SECOND, MOST_STAFF } from '@driftless/domain'
import { z } from 'zod'
import { tenantProcedure } from '@/server/trpc.ts'
import { migrationsOfBooking, wakeBooking } from './wake-booking.ts'
import { withWindow } from './window-choice.ts'

/** Requests a service window for a wave, in a published slot or at a time of its own; what it takes is held from now on. Answers the booking's id. */
export const bookWindow = tenantProcedure('book-windows')
  .input(withWindow({
    waveId: z.string().min(1).max(120),
    note: z.string().trim().max(500).transform((note) => note || null),
    kind: z.enum(['CUTOVER', 'TEST']).default('CUTOVER'),
    bandwidthBytesPerSecond: z.number().int().positive().max(HIGHEST_LINK_BYTES_PER_SECOND).nullable().default(null),
    staff: z.number().int().min(0).max(MOST_STAFF).default(0),
  }))
  .mutation(async ({ ctx, input }) => {
    const { bookingId, migrations } = await ctx.inScope(async (tx) => {
      const made = await book(tx, input, Date.now())
      return { bookingId: made, migrations: await migrationsOfBooking(tx, made) }
    })
    await wakeBooking(bookingId, migrations)
    return bookingId
  })
