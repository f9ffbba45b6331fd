import 'server-only'
import type { ScopedTx } from '@driftless/db'
import { wakeMigrations, wakeUp } from '@/server/wake-up.ts'

/** The migrations that a booking is about, read in its transaction to be woken after it. */
export async function migrationsOfBooking(tx: ScopedTx, bookingId: string): Promise<string[]> {
  const rows = await tx.db.migration.findMany({ where: { wave: { bookings: { some: { id: bookingId } } } }, select: { id: true } })
  return rows.map(({ id }) => id)
}

/** After the commit: the booking itself may be due, and every migration of its wave waits for something else now. */
export async function wakeBooking(bookingId: string, migrationIds: readonly string[]): Promise<void> {
  await wakeUp('advance-booking', { bookingId })
  await wakeMigrations(migrationIds)
}
