import { listAgentsAway, listLockedOutAgents, listProviderWaves, listTargetCapacity, listWindowsAhead } from '@driftless/db'
import { providerProcedure } from '@/server/trpc.ts'

/** A shift looks ahead; the calendar under Windows has the rest. */
const NEXT_WINDOWS = 8

/** Everything that a provider's shift must see at once. */
export const readOverview = providerProcedure().query(({ ctx }) =>
  ctx.inScope(async (tx) => {
    const now = new Date()
    const waves = await listProviderWaves(tx, now)
    const agentsAway = await listAgentsAway(tx, now)
    const lockedOut = await listLockedOutAgents(tx, now)
    const capacity = await listTargetCapacity(tx)
    return { asOf: now, waves, agentsAway, lockedOut, capacity, ...(await listWindowsAhead(tx, now, NEXT_WINDOWS)) }
  }))
