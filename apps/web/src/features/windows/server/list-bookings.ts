import { listBookings as list, readCutoverForecast, readWaveTravel } from '@driftless/db'
import type { BookingRow, ScopedTx } from '@driftless/db'
import { BOOKING_HOLDS_SLOT } from '@driftless/domain'
import { siteHistories } from '@/server/site-histories.ts'
import { memberProcedure } from '@/server/trpc.ts'

/** The bookings that a person may see; those that wait for a decision with the P90 of their cutovers as the runbook has it, one after another; those ahead of VMs that travel by device with when these are in step. */
export const listBookings = memberProcedure().query(({ ctx }) =>
  ctx.inScope(async (tx) => {
    const now = new Date()
    const rows = []
    for (const booking of await list(tx)) {
      const needed = booking.status === 'REQUESTED' ? await cutoverSeconds(tx, booking, now) : null
      const ahead = booking.kind === 'CUTOVER' && BOOKING_HOLDS_SLOT.includes(booking.status) && booking.endsAt > now
      const travel = (ahead ? await readWaveTravel(tx, booking.waveId, now) : null)?.travel ?? null
      rows.push({ ...booking, vms: booking.vms.map(({ name, sizeBytes }) => ({ name, sizeBytes })), neededSeconds: needed, travel: travel && { identicalAtMs: travel.identicalAtMs, readAtMs: travel.readAtMs } })
    }
    return rows
  }))

async function cutoverSeconds(tx: ScopedTx, booking: BookingRow, now: Date): Promise<number> {
  const site = await siteHistories(tx, booking.siteId, now)
  let seconds = 0
  for (const vm of booking.vms) seconds += (await readCutoverForecast(tx, vm, site)).total.p90
  return seconds
}
