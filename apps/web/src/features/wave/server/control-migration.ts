import { controlMigration as control } from '@driftless/db'
import { LOWEST_LINK_BYTES_PER_SECOND } from '@driftless/domain'
import { z } from 'zod'
import { tenantProcedure } from '@/server/trpc.ts'
import { wakeMigrations } from '@/server/wake-up.ts'

const rate = z.number().int().min(LOWEST_LINK_BYTES_PER_SECOND).max(1e12).transform(BigInt).nullable()

/** One VM's own rates, beside its wave's; what is left out stays. Bytes per second. */
export const controlMigration = tenantProcedure('control-replication')
  .input(z.object({ migrationId: z.string().min(1).max(120), rateBytesPerSecond: rate.optional(), guestWriteBytesPerSecond: rate.optional() }))
  .mutation(async ({ ctx, input: { migrationId, ...controls } }) => {
    await ctx.inScope((tx) => control(tx, migrationId, controls))
    await wakeMigrations([migrationId])
  })
