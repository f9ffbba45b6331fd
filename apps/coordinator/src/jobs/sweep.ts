import { databaseNow, listDueBookings, listDueEstimates, listShipmentsUnderWay, listUnderWay } from '@driftless/db'
import { LOCK_LEAD_MS } from '@driftless/domain'
import { wake } from '@driftless/jobs'
import { asCoordinator } from '../context.ts'
import type { Context } from '../context.ts'

/** How often everything that is due is found again in PostgreSQL, whatever the queue has lost. */
export const SWEEP_EVERY_MS = 5_000
/** How often all migrations are looked at; what only time changes for them is an agent that falls silent. */
export const THOROUGH_EVERY_MS = 30_000
/** Its wake-ups get past those of a coordinator that was killed while it worked on one. */
const LANE = 'sweep'
/** Pages in one sweep; an installation with more migrations under way is swept in turns. */
const MOST_PAGES = 40

/**
 * Wakes the migrations and shipments under way, and every booking and observation whose time has come. Changes nothing itself.
 * `thorough`: every migration; otherwise those for which seconds count, as reports wake the rest.
 */
export async function sweep(context: Context, thorough: boolean, signal: AbortSignal): Promise<void> {
  const { db, queues } = context
  const due = await asCoordinator(db, async (tx) => {
    const now = await databaseNow(tx)
    return { bookings: await listDueBookings(tx, new Date(now.getTime() + LOCK_LEAD_MS), now), estimates: await listDueEstimates(tx, now), shipments: await listShipmentsUnderWay(tx) }
  })
  for (const bookingId of due.bookings) await wake(queues, 'advance-booking', { bookingId }, { lane: LANE })
  for (const estimateId of due.estimates) await wake(queues, 'finish-estimate', { estimateId }, { lane: LANE })
  for (const shipmentId of due.shipments) await wake(queues, 'drive-shipment', { shipmentId }, { lane: LANE })
  let after = ''
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const ids = await asCoordinator(db, (tx) => listUnderWay(tx, after, !thorough))
    for (const migrationId of ids) {
      // One wake-up that fails means that the queue is away: the next sweep is soon enough.
      if (signal.aborted || !(await wake(queues, 'drive-migration', { migrationId }, { lane: LANE }))) return
    }
    const last = ids.at(-1)
    if (last === undefined) return
    after = last
  }
}
