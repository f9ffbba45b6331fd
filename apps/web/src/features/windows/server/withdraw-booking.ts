import { withdrawBooking as withdraw } from '@driftless/db'
import { z } from 'zod'
import { tenantProcedure } from '@/server/trpc.ts'

/** Takes a booking back and frees its slot. Answers whether it still held one. */
export const withdrawBooking = tenantProcedure('book-windows')
  .input(z.object({ bookingId: z.string().min(1).max(64) }))
  .mutation(({ ctx, input }) => ctx.inScope((tx) => withdraw(tx, input.bookingId)))
