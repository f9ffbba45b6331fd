import { discardTestBoot, startTestBoot } from '@driftless/db'
import { TEST_HOURS } from '@driftless/domain'
import { z } from 'zod'
import { tenantProcedure } from '@/server/trpc.ts'
import { wakeMigrations } from '@/server/wake-up.ts'

const HOUR_MS = 3_600_000
const migrationId = z.string().min(1).max(120)

/** Boots a copy of one VM at the target, apart from every network, for at most `hours`. */
export const startTest = tenantProcedure('control-replication')
  .input(z.object({ migrationId, hours: z.number().refine((hours) => TEST_HOURS.some((offered) => offered === hours)) }))
  .mutation(async ({ ctx, input }) => {
    const now = new Date()
    await ctx.inScope((tx) => startTestBoot(tx, input.migrationId, new Date(now.getTime() + input.hours * HOUR_MS), now))
    await wakeMigrations([input.migrationId])
  })

/** Removes it again; also one that is only being started. */
export const discardTest = tenantProcedure('control-replication')
  .input(z.object({ migrationId }))
  .mutation(async ({ ctx, input }) => {
    await ctx.inScope((tx) => discardTestBoot(tx, input.migrationId))
    await wakeMigrations([input.migrationId])
  })
