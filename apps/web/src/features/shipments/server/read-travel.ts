import { databaseNow, readWaveTravel } from '@driftless/db'
import { DomainError } from '@driftless/domain'
import { z } from 'zod'
import { memberProcedure } from '@/server/trpc.ts'
import { id } from './shapes.ts'

/** When a wave is in step of which VMs travel by device; null: none travels now. */
export const readTravel = memberProcedure()
  .input(z.object({ waveId: id }))
  .query(async ({ ctx, input }) => {
    const found = await ctx.inScope(async (tx) => readWaveTravel(tx, input.waveId, await databaseNow(tx)))
    if (!found) throw new DomainError('WAVE_UNKNOWN', 'There is no such wave.')
    return found.travel
  })
