import { listWaves } from '@driftless/db'
import { memberProcedure } from '@/server/trpc.ts'

/** The waves whose statistics can be shown, newest first; planned ones have none. */
export const listChoices = memberProcedure().query(({ ctx }) =>
  ctx.inScope(async (tx) => {
    const waves = await listWaves(tx)
    return waves.filter((wave) => wave.startedAt !== null).map(({ id, name, tenantName, over, vms }) => ({ id, name, tenantName, over, vms }))
  }),
)
