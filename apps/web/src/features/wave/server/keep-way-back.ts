import { keepWayBack as keep } from '@driftless/db'
import { z } from 'zod'
import { tenantProcedure } from '@/server/trpc.ts'

/** Whether what a moved VM writes flows back to its source's disks. */
export const keepWayBack = tenantProcedure('control-replication')
  .input(z.object({ migrationId: z.string().min(1).max(120), keep: z.boolean() }))
  .mutation(({ ctx, input }) => ctx.inScope((tx) => keep(tx, input.migrationId, input.keep, new Date())))
