import { readWave, readWaveFacts, startWave as start } from '@driftless/db'
import { DomainError, forecastWave } from '@driftless/domain'
import { z } from 'zod'
import { tenantProcedure } from '@/server/trpc.ts'
import { wakeMigrations } from '@/server/wake-up.ts'

/** Starts a planned wave and keeps the forecast that holds at that moment, to be compared with what happens. It is simulated outside of any transaction. */
export const startWave = tenantProcedure('control-replication')
  .input(z.object({ waveId: z.string().min(1).max(120) }))
  .mutation(async ({ ctx, input }) => {
    const { facts, migrationIds } = await ctx.inScope(async (tx) => {
      const now = new Date()
      const wave = await readWave(tx, input.waveId, now)
      const own = await tx.db.wave.findUnique({ where: { id: input.waveId }, select: { siteId: true, parallelCutovers: true } })
      if (!wave || !own) throw new DomainError('WAVE_UNKNOWN', 'There is no such wave.')
      const { booking } = wave
      const window = booking?.kind === 'CUTOVER' && booking.holds ? { fromMs: booking.startsAt.getTime(), toMs: booking.endsAt.getTime(), lockoutMs: booking.lockoutAt.getTime() } : null
      return {
        migrationIds: wave.migrations.map(({ id }) => id),
        facts: await readWaveFacts(tx, { siteId: own.siteId, waveId: wave.id, vmIds: wave.migrations.map(({ vmId }) => vmId), capBytesPerSecond: wave.rateBytesPerSecond, throttleBytesPerSecond: wave.guestWriteBytesPerSecond, parallelCutovers: own.parallelCutovers, startAt: now, window, windows: [] }, now),
      }
    })
    const forecast = facts && { ...facts, forecast: forecastWave(facts.input) }
    await ctx.inScope((tx) => start(tx, input.waveId, forecast))
    await wakeMigrations(migrationIds)
  })
