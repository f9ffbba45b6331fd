import { withdrawInvitation as withdraw } from '@driftless/db'
import { z } from 'zod'
import { providerProcedure } from '@/server/trpc.ts'

/** Takes an open invitation back: its link is worth nothing from then on. */
export const withdrawInvitation = providerProcedure('manage-people')
  .input(z.object({ invitationId: z.string().min(1).max(120) }))
  .mutation(({ ctx, input }) => ctx.inScope((tx) => withdraw(tx, input.invitationId, new Date())))
