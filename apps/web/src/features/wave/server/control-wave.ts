import { controlWave as control } from '@driftless/db'
import { CUTOVER_MODES } from '@driftless/domain'
import { z } from 'zod'
import { rateBytesPerSecond } from '@/features/migrate/server/shapes.ts'
import { tenantProcedure } from '@/server/trpc.ts'
import { wakeMigrations } from '@/server/wake-up.ts'
import { migrationIds } from './migration-ids.ts'

const asBigInt = rateBytesPerSecond.transform(BigInt).nullable()

/** Pause, resume, rates and the kind of final migration; what is left out stays. */
export const controlWave = tenantProcedure('control-replication')
  .input(z.object({
    waveId: z.string().min(1).max(120),
    paused: z.boolean().optional(),
    rateBytesPerSecond: asBigInt.optional(),
    guestWriteBytesPerSecond: asBigInt.optional(),
    guestLatencyLimitMs: z.number().int().nullable().optional(),
    cutoverMode: z.enum(CUTOVER_MODES).optional(),
  }))
  .mutation(async ({ ctx, input: { waveId, ...controls } }) => {
    const ids = await ctx.inScope(async (tx) => {
      await control(tx, waveId, controls)
      return migrationIds(tx, waveId)
    })
    await wakeMigrations(ids)
  })
