import { dateAt, wallTimeAt } from '@driftless/domain'
import { overlap } from '../time/local-time.ts'
import type { Span } from '../time/local-time.ts'

type AnySlot = Span & { readonly key: string; readonly closed: string | null }
type AnyBooking = Span & { readonly id: string; readonly slotKey: string | null }
type AnyBlackout = Span & { readonly reason: string }

/** What lies on a calendar: a slot with the bookings of it that one may know, a booking at a time of its own, such a time of somebody's, a blackout. */
export type CalendarEntry<Slot, Booking> = Span & { readonly id: string } & (
  | { readonly kind: 'slot'; readonly slot: Slot; readonly bookings: readonly Booking[] }
  | { readonly kind: 'booking'; readonly booking: Booking }
  | { readonly kind: 'taken' }
  | { readonly kind: 'blackout'; readonly reason: string }
)

/** All that lies on a site's calendar, in the order of time; each booking once. A slot that is over is left out, unless one had it. */
export function entriesOf<Slot extends AnySlot, Booking extends AnyBooking>(board: { readonly slots: readonly Slot[]; readonly taken: readonly Span[]; readonly blackouts: readonly AnyBlackout[] }, bookings: readonly Booking[]): CalendarEntry<Slot, Booking>[] {
  const keys = new Set(board.slots.map(({ key }) => key))
  const apart = bookings.filter(({ slotKey }) => slotKey === null || !keys.has(slotKey))
  const known = new Set(apart.map(({ startsAt }) => startsAt.getTime()))
  const entries: CalendarEntry<Slot, Booking>[] = [
    ...board.slots.map((slot) => ({ kind: 'slot' as const, id: slot.key, startsAt: slot.startsAt, endsAt: slot.endsAt, slot, bookings: bookings.filter(({ slotKey }) => slotKey === slot.key) }))
      .filter((entry) => entry.slot.closed !== 'PAST' || entry.bookings.length > 0),
    ...apart.map((booking) => ({ kind: 'booking' as const, id: booking.id, startsAt: booking.startsAt, endsAt: booking.endsAt, booking })),
    ...board.taken.filter(({ startsAt }) => !known.has(startsAt.getTime())).map(({ startsAt, endsAt }) => ({ kind: 'taken' as const, id: `taken ${startsAt.toISOString()}`, startsAt, endsAt })),
    ...board.blackouts.map(({ startsAt, endsAt, reason }) => ({ kind: 'blackout' as const, id: `blackout ${startsAt.toISOString()}`, startsAt, endsAt, reason })),
  ]
  return entries.toSorted((one, other) => one.startsAt.getTime() - other.startsAt.getTime())
}

/** Those that share a moment with a span. */
export function within<Entry extends Span>(entries: readonly Entry[], span: Span): Entry[] {
  return entries.filter((entry) => overlap(entry, span))
}

const MINUTES_A_DAY = 1440

/** From which to which minute of a date an entry is drawn, by the clock of a zone: on days on which it jumps, where the clock shows its ends. Null: not on that date. */
export function minutesOn({ startsAt, endsAt }: Span, date: string, zone: string): { readonly from: number; readonly to: number } | null {
  const [first, last] = [dateAt(startsAt.getTime(), zone), dateAt(endsAt.getTime() - 1, zone)]
  if (date < first || date > last) return null
  const from = date === first ? minuteOf(wallTimeAt(startsAt.getTime(), zone)) : 0
  const end = wallTimeAt(endsAt.getTime(), zone)
  const to = date === last && end.startsWith(date) ? minuteOf(end) : MINUTES_A_DAY
  return { from, to: Math.max(to, from) }
}

function minuteOf(wallTime: string): number {
  return Number(wallTime.slice(11, 13)) * 60 + Number(wallTime.slice(14, 16))
}
