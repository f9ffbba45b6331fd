import { databaseNow, readWaveTravel } from '@driftless/db'
import { z } from 'zod'
import { memberProcedure } from '@/server/trpc.ts'
import { id } from './shapes.ts'

/** When a wave is in step of which VMs travel by device; null: none travels now, or the scope knows no such wave. */
export const readTravel = memberProcedure()
  .input(z.object({ waveId: id }))
  .query(({ ctx, input }) => ctx.inScope(async (tx) => readWaveTravel(tx, input.waveId, await databaseNow(tx))))
