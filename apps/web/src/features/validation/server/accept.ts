import { askToAccept } from '@driftless/db'
import { z } from 'zod'
import { MOST_VMS } from '@/features/migrate/server/shapes.ts'
import { tenantProcedure } from '@/server/trpc.ts'
import { wakeMigrations } from '@/server/wake-up.ts'

/** The approver accepts VMs that run at the target: it ends the way home and starts billing, as the go was theirs to say. All or none. */
export const accept = tenantProcedure('decide-go-no-go')
  .input(z.object({ migrationIds: z.array(z.string().min(1).max(120)).min(1).max(MOST_VMS) }))
  .mutation(async ({ ctx, input }) => {
    await ctx.inScope(async (tx) => {
      // In the order in which reports lock them.
      for (const migrationId of input.migrationIds.toSorted()) await askToAccept(tx, migrationId, new Date())
    })
    await wakeMigrations(input.migrationIds)
  })
