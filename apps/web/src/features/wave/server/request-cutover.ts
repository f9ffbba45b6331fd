import { requestCutover as request } from '@driftless/db'
import { z } from 'zod'
import { MOST_VMS } from '@/features/migrate/server/shapes.ts'
import { tenantProcedure } from '@/server/trpc.ts'
import { wakeMigrations } from '@/server/wake-up.ts'

/** Asks for the final migration of these VMs; refused outside an approved window. All or none. */
export const requestCutover = tenantProcedure('request-cutover')
  .input(z.object({ migrationIds: z.array(z.string().min(1).max(120)).min(1).max(MOST_VMS) }))
  .mutation(async ({ ctx, input }) => {
    await ctx.inScope(async (tx) => {
      for (const migrationId of input.migrationIds) await request(tx, migrationId, new Date())
    })
    await wakeMigrations(input.migrationIds)
  })
