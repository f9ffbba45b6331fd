import { listBookings as list, readChurn, readSiteLink } from '@driftless/db'
import type { BookingRow, ScopedTx } from '@driftless/db'
import { neededCutoverSeconds } from '@driftless/domain'
import { memberProcedure } from '@/server/trpc.ts'

/** The writes of the last day tell what a cutover leaves to send. */
const RECENT_MS = 86_400_000

/** The bookings that a person may see; those that wait for a decision with the P90 of their cutovers, one after another. */
export const listBookings = memberProcedure().query(({ ctx }) =>
  ctx.inScope(async (tx) => {
    const now = new Date()
    const rows = []
    for (const booking of await list(tx)) {
      const needed = booking.status === 'REQUESTED' ? await cutoverSeconds(tx, booking, now) : null
      rows.push({ ...booking, vms: booking.vms.map(({ name, sizeBytes }) => ({ name, sizeBytes })), neededSeconds: needed })
    }
    return rows
  }))

async function cutoverSeconds(tx: ScopedTx, booking: BookingRow, now: Date): Promise<number | null> {
  const link = await readSiteLink(tx, booking.siteId, now)
  if (!link) return null
  const churn = await readChurn(tx, booking.vms.map((vm) => vm.vmId), new Date(now.getTime() - RECENT_MS), now)
  const rates = Map.groupBy(churn, (point) => point.vmId)
  return booking.vms.reduce((sum, vm) => {
    const churnRates = (rates.get(vm.vmId) ?? []).map((point) => point.bytesPerSecond)
    return sum + neededCutoverSeconds({ usedBytes: vm.sizeBytes, sizeBytes: vm.sizeBytes, churnRates }, link)
  }, 0)
}
