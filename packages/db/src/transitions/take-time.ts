import { DomainError, checkOwnTime, checkSlot, defaultLockoutMs, holdUntilMs, roomOf, slotByKey } from '@driftless/domain'
import type { SlotDemand } from '@driftless/domain'
import { randomUUID } from 'node:crypto'
import { readCalendar, slotOfRow } from '../queries/site-calendar.ts'
import type { ScopedTx } from '../scope.ts'
import { violates } from './violations.ts'

/** A published slot, or a time of its own. */
export type WindowChoice = { readonly slotKey: string } | { readonly startsAt: Date; readonly endsAt: Date }
type Site = { readonly siteId: string; readonly providerId: string }
/** What a booking's row holds of its time. */
export type TakenTime = { readonly slotId: string | null; readonly startsAt: Date; readonly endsAt: Date; readonly lockoutAt: Date; readonly expiresAt: Date | null }

/**
 * Locks the site's times and answers what a booking of `choice` holds; makes the slot when it is the first. Whoever writes the booking next, in
 * this transaction, may still be told that others were quicker: `refuseTaken`. `noticed`: the customer chose it, the provider's
 * notice period counts. SLOT_UNKNOWN, and the codes of `checkSlot` and `checkOwnTime`.
 */
export async function takeTime(tx: ScopedTx, site: Site, choice: WindowChoice, demand: SlotDemand, nowMs: number, noticed: boolean): Promise<TakenTime> {
  return 'slotKey' in choice ? takeSlot(tx, site, choice.slotKey, demand, nowMs, noticed) : takeOwnTime(tx, site, choice, nowMs, noticed)
}

async function takeOwnTime(tx: ScopedTx, { siteId }: Site, { startsAt, endsAt }: { readonly startsAt: Date; readonly endsAt: Date }, nowMs: number, noticed: boolean): Promise<TakenTime> {
  // Rows that only an exclusion constraint tells apart wait for one another in rings: rivals for a site's times queue here instead.
  await lockSiteTimes(tx, siteId, true)
  const calendar = await readCalendar(tx, siteId)
  const [startsAtMs, endsAtMs] = [startsAt.getTime(), endsAt.getTime()]
  const lockoutAtMs = defaultLockoutMs(startsAtMs, endsAtMs)
  checkOwnTime(calendar, { startsAtMs, endsAtMs, lockoutAtMs }, nowMs, noticed)
  return { slotId: null, startsAt, endsAt, lockoutAt: new Date(lockoutAtMs), expiresAt: instant(holdUntilMs(calendar, endsAtMs, nowMs)) }
}

async function takeSlot(tx: ScopedTx, site: Site, key: string, demand: SlotDemand, nowMs: number, noticed: boolean): Promise<TakenTime> {
  await lockSiteTimes(tx, site.siteId, (await findSlot(tx, site, key)) === null)
  const row = await findSlot(tx, site, key)
  const calendar = await readCalendar(tx, site.siteId)
  const published = calendar && slotByKey(calendar, key)
  if (!calendar || !published) throw new DomainError('SLOT_UNKNOWN', 'This slot is not published any more. Choose another one.')
  const slot = row ? slotOfRow(row) : { ...published, room: roomOf(published) }
  checkSlot(calendar, slot, slot.room, demand, nowMs, noticed)
  const slotId = row?.id ?? randomUUID()
  const [startsAt, endsAt, lockoutAt] = [new Date(slot.startsAtMs), new Date(slot.endsAtMs), new Date(slot.lockoutAtMs)]
  if (row === null) {
    await tx.db.$executeRaw`
      INSERT INTO window_slot (id, provider_id, target_site_id, slot_key, starts_at, ends_at, lockout_at, cutovers, bandwidth_bytes_per_second, staff)
      VALUES (${slotId}, ${site.providerId}, ${site.siteId}, ${key}, ${startsAt}, ${endsAt}, ${lockoutAt}, ${slot.cutovers}, ${slot.bandwidthBytesPerSecond}, ${slot.staff})`
  }
  return { slotId, startsAt, endsAt, lockoutAt, expiresAt: instant(holdUntilMs(calendar, slot.endsAtMs, nowMs)) }
}

/** The database has the last word: somebody was quicker. SLOT_TAKEN; anything else is thrown as it is. */
export function refuseTaken(error: unknown): never {
  if (violates(error, 'booking_slot_taken') || violates(error, 'booking_slot_full')) throw new DomainError('SLOT_TAKEN', 'Another wave has this time at the target site. Choose another.')
  throw error
}

/** Holds until the end of the transaction. `alone`: nobody else takes a time at this site meanwhile; otherwise others may book its slots. After the wave's and the booking's rows, before any slot's. */
export async function lockSiteTimes(tx: ScopedTx, siteId: string, alone: boolean): Promise<void> {
  await tx.db.$executeRaw`SELECT lock_site_times(${siteId}, ${alone})`
}

function findSlot(tx: ScopedTx, { siteId }: Site, key: string) {
  return tx.db.windowSlot.findUnique({ where: { targetSiteId_slotKey: { targetSiteId: siteId, slotKey: key } } })
}

function instant(atMs: number | null): Date | null {
  return atMs === null ? null : new Date(atMs)
}
