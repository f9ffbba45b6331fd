import { bookWindow as book } from '@driftless/db'
import { z } from 'zod'
import { tenantProcedure } from '@/server/trpc.ts'

/** Requests a service window for a wave; its slot is held from now on. Answers the booking's id. */
export const bookWindow = tenantProcedure('book-windows')
  .input(z.object({ waveId: z.string().min(1).max(64), startsAt: z.date(), endsAt: z.date(), note: z.string().trim().max(500).transform((note) => note || null) }))
  .mutation(({ ctx, input }) => ctx.inScope((tx) => book(tx, input, Date.now())))
