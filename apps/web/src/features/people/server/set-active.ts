import { deactivatePerson, reactivatePerson } from '@driftless/db'
import { z } from 'zod'
import { providerProcedure } from '@/server/trpc.ts'

/** Shuts somebody out, at once and everywhere, or lets them in again. */
export const setActive = providerProcedure('manage-people')
  .input(z.object({ userId: z.string().min(1).max(120), active: z.boolean() }))
  .mutation(({ ctx, input }) => ctx.inScope((tx) => (input.active ? reactivatePerson(tx, input.userId) : deactivatePerson(tx, input.userId, new Date()))))
