import { advanceBooking, databaseNow, listWaveUnderWay, lockBooking } from '@driftless/db'
import { MIGRATION_ENDED, nextBookingStatus } from '@driftless/domain'
import { wake } from '@driftless/jobs'
import { asCoordinator } from '../context.ts'
import type { Context } from '../context.ts'

/** A booking passes at most LOCKED, IN_PROGRESS and DONE in one go. */
const MOST_STEPS = 4

/** Moves a booking on as time passes, and wakes its wave when that opens or closes the window. */
export async function advanceBookingJob(context: Context, bookingId: string): Promise<void> {
  const moved = await asCoordinator(context.db, async (tx) => {
    const locked = await lockBooking(tx, bookingId)
    if (!locked) return null
    const now = await databaseNow(tx)
    const waveOver = locked.wave.migrations.every((migration) => MIGRATION_ENDED.includes(migration.status))
    let { status } = locked
    for (let step = 0; step < MOST_STEPS; step += 1) {
      const to = nextBookingStatus({ status, startsAtMs: locked.startsAt.getTime(), endsAtMs: locked.endsAt.getTime(), expiresAtMs: locked.expiresAt?.getTime() ?? null }, now.getTime(), waveOver)
      if (to === null || !(await advanceBooking(tx, { ...locked, status }, to))) break
      status = to
    }
    if (status === locked.status) return null
    return { from: locked.status, to: status, migrationIds: await listWaveUnderWay(tx, locked.waveId) }
  })
  if (!moved) return
  context.log.info({ bookingId, from: moved.from, to: moved.to }, 'booking moved on')
  for (const migrationId of moved.migrationIds) await wake(context.queues, 'drive-migration', { migrationId })
}
