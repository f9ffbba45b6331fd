import { forecastWave, readWave, startWave as start } from '@driftless/db'
import { DomainError } from '@driftless/domain'
import { z } from 'zod'
import { tenantProcedure } from '@/server/trpc.ts'
import { wakeMigrations } from '@/server/wake-up.ts'

/** Starts a planned wave and keeps the forecast that holds at that moment, to be compared with what happens. */
export const startWave = tenantProcedure('control-replication')
  .input(z.object({ waveId: z.string().min(1).max(120) }))
  .mutation(async ({ ctx, input }) => {
    const ids = await ctx.inScope(async (tx) => {
      const now = new Date()
      const wave = await readWave(tx, input.waveId, now)
      const site = await tx.db.wave.findUnique({ where: { id: input.waveId }, select: { siteId: true } })
      if (!wave || !site) throw new DomainError('WAVE_UNKNOWN', 'There is no such wave.')
      const forecast = await forecastWave(tx, site.siteId, wave.migrations.map((migration) => migration.vmId), wave.rateBytesPerSecond, now)
      await start(tx, input.waveId, forecast)
      return wave.migrations.map((migration) => migration.id)
    })
    await wakeMigrations(ids)
  })
