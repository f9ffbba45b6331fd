import { offersWayBack } from '@driftless/db'
import { DomainError } from '@driftless/domain'
import { z } from 'zod'
import { tenantProcedure } from '@/server/trpc.ts'

/** What a wave's plan can be changed to: its destination's networks and storages, and whether there can be a way back. */
export const planChoices = tenantProcedure('plan-waves')
  .input(z.object({ waveId: z.string().min(1).max(120) }))
  .query(({ ctx, input }) =>
    ctx.inScope(async (tx) => {
      const wave = await tx.db.wave.findUnique({ where: { id: input.waveId }, select: { destination: { select: { networks: true, storages: true, targetSiteId: true } } } })
      if (!wave) throw new DomainError('WAVE_UNKNOWN', 'There is no such wave.')
      const { networks, storages, targetSiteId } = wave.destination
      return { networks, storages, wayBack: await offersWayBack(tx, targetSiteId) }
    }))
