import { listAgentsAway, listBookings, listProviderWaves, listTargetCapacity } from '@driftless/db'
import { BOOKING_HOLDS_SLOT } from '@driftless/domain'
import { providerProcedure } from '@/server/trpc.ts'

/** A shift looks ahead; the calendar under Windows has the rest. */
const NEXT_WINDOWS = 8

/** Everything that a provider's shift must see at once. */
export const readOverview = providerProcedure().query(({ ctx }) =>
  ctx.inScope(async (tx) => {
    const now = new Date()
    const waves = await listProviderWaves(tx, now)
    const agentsAway = await listAgentsAway(tx, now)
    const capacity = await listTargetCapacity(tx)
    const windows = (await listBookings(tx))
      .filter((booking) => BOOKING_HOLDS_SLOT.includes(booking.status) && booking.endsAt > now)
      .sort((a, b) => a.startsAt.getTime() - b.startsAt.getTime())
    return {
      asOf: now, waves, agentsAway, capacity,
      requests: windows.filter((booking) => booking.status === 'REQUESTED').length,
      windows: windows.slice(0, NEXT_WINDOWS).map(({ id, status, startsAt, endsAt, waveId, waveName, tenantName, targetSiteName }) => ({ id, status, startsAt, endsAt, waveId, waveName, tenantName, targetSiteName })),
    }
  }))
