import { databaseNow, listWaveLinks } from '@driftless/db'
import { DomainError } from '@driftless/domain'
import { z } from 'zod'
import { tenantProcedure } from '@/server/trpc.ts'

/** The links that lead to a wave. WAVE_UNKNOWN. */
export const listLinks = tenantProcedure('plan-waves').input(z.object({ waveId: z.string().min(1).max(120) })).query(({ ctx, input }) =>
  ctx.inScope(async (tx) => {
    if ((await tx.db.wave.count({ where: { id: input.waveId } })) === 0) throw new DomainError('WAVE_UNKNOWN', 'There is no such wave.')
    return listWaveLinks(tx, input.waveId, await databaseNow(tx))
  }))
