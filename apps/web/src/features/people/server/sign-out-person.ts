import { signOutPerson as signOut } from '@driftless/db'
import { z } from 'zod'
import { providerProcedure } from '@/server/trpc.ts'

/** Ends all of somebody's sessions. */
export const signOutPerson = providerProcedure('manage-people')
  .input(z.object({ userId: z.string().min(1).max(120) }))
  .mutation(({ ctx, input }) => ctx.inScope((tx) => signOut(tx, input.userId)))
