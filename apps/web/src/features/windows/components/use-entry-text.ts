'use client'
import { isProviderRole } from '@driftless/domain'
import { useFormatter, useTranslations } from 'next-intl'
import { usePerson } from '@/features/session/components/person-context.tsx'
import { useFormats } from '@/ui/format/use-formats.ts'
import type { CalendarEntry } from '../calendar/entries.ts'
import { useSlotText } from './use-slot-text.ts'
import type { Board, BoardSlot } from './use-slot-text.ts'
import type { Booking } from './windows-page.tsx'

export type Entry = CalendarEntry<BoardSlot, Booking>
export type EntryTone = 'free' | 'yours' | 'pending' | 'closed' | 'blackout'

const isPending = ({ status }: Booking) => status === 'REQUESTED' || status === 'COUNTER_OFFERED'

/** What an entry looks like: a slot that one has booked shows that, whatever is left of it. */
export function toneOf(entry: Entry): EntryTone {
  if (entry.kind === 'blackout') return 'blackout'
  if (entry.kind === 'taken') return 'closed'
  const bookings = entry.kind === 'booking' ? [entry.booking] : entry.bookings
  if (bookings.length > 0) return bookings.every(isPending) ? 'pending' : 'yours'
  return entry.kind === 'slot' && entry.slot.closed === null ? 'free' : 'closed'
}

/** An entry in words: short for where it is drawn, whole for whoever does not see it drawn. */
export function useEntryText(board: Board) {
  const t = useTranslations('windows.calendar')
  const states = useTranslations('states.booking')
  const format = useFormatter()
  const { list } = useFormats()
  const slots = useSlotText()
  const staff = isProviderRole(usePerson().role)
  const nameOf = (booking: Booking) => (staff ? t('named', { customer: booking.tenantName, wave: booking.waveName }) : booking.waveName)
  const bookingText = (booking: Booking) => t('booked', { name: nameOf(booking), state: states(booking.status) })
  const title = (entry: Entry): string => {
    switch (entry.kind) {
      case 'blackout': return t('blackout', { reason: entry.reason })
      case 'taken': return t('taken')
      case 'booking': return nameOf(entry.booking)
      case 'slot':
        if (entry.bookings.length > 0) return list(entry.bookings.map(nameOf))
        // The blackout itself says why, right beside it.
        if (entry.slot.closed === 'BLACKOUT') return t('closedSlot')
        return slots.closed(entry.slot, board, null) ?? t('freeOf', { free: entry.slot.free.cutovers, count: entry.slot.cutovers })
    }
  }
  return {
    title, bookingText,
    when: (entry: Entry) => format.dateTimeRange(entry.startsAt, entry.endsAt, { hour: 'numeric', minute: '2-digit' }),
    whole: (entry: Entry): string => {
      const when = format.dateTimeRange(entry.startsAt, entry.endsAt, { dateStyle: 'medium', timeStyle: 'short' })
      if (entry.kind === 'booking') return t('entry', { what: bookingText(entry.booking), when })
      if (entry.kind !== 'slot') return t('entry', { what: title(entry), when })
      const state = slots.closed(entry.slot, board, null) ?? slots.free(entry.slot)
      return t('slotEntry', { when, state, booked: entry.bookings.length === 0 ? 'none' : list(entry.bookings.map(bookingText)) })
    },
  }
}
