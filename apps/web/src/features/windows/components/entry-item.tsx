'use client'
import { useTranslations } from 'next-intl'
import Link from 'next/link'
import { Button } from '@/ui/button.tsx'
import { cn } from '@/ui/cn.ts'
import { useFormats } from '@/ui/format/use-formats.ts'
import type { TimeWish } from './use-time-choice.ts'
import { ENTRY_LOOK } from './calendar-look.tsx'
import { toneOf, useEntryText } from './use-entry-text.ts'
import type { Entry } from './use-entry-text.ts'
import { useSlotText } from './use-slot-text.ts'
import type { Board } from './use-slot-text.ts'
import { ZonedTimes } from './zoned-times.tsx'

/** One entry with all that is known of it. `onBook` null: whoever reads it books nothing. */
export function EntryItem({ entry, board, onBook }: { entry: Entry; board: Board; onBook: ((wish: TimeWish) => void) | null }) {
  const t = useTranslations('windows.calendar')
  const time = useTranslations('windows.time')
  const formats = useFormats()
  const text = useEntryText(board)
  const slots = useSlotText()
  const bookings = entry.kind === 'slot' ? entry.bookings : entry.kind === 'booking' ? [entry.booking] : []
  const closed = entry.kind === 'slot' ? slots.closed(entry.slot, board, null) : null
  return (
    <li className="flex gap-3 rounded-lg border px-3 py-2">
      <span aria-hidden className={cn('w-1.5 shrink-0 rounded border-2', ENTRY_LOOK[toneOf(entry)])} />
      <div className="flex min-w-0 flex-1 flex-wrap items-start justify-between gap-2">
        <div className="min-w-0 text-sm">
          <ZonedTimes startsAt={entry.startsAt} endsAt={entry.endsAt} siteZone={board.zone} />
          {entry.kind === 'slot' && <p className="mt-1 text-xs">{closed ?? slots.free(entry.slot)} · {time('lockoutAt', { at: formats.time(entry.slot.lockoutAt) })}</p>}
          {(entry.kind === 'taken' || entry.kind === 'blackout') && <p className="mt-1 text-xs">{text.title(entry)}</p>}
          {bookings.map((booking) => <p key={booking.id} className="mt-1 text-xs"><Link href={`/waves/${booking.waveId}`} className="text-accent underline-offset-4 hover:underline">{text.bookingText(booking)}</Link></p>)}
        </div>
        {onBook !== null && entry.kind === 'slot' && closed === null && <Button size="sm" onClick={() => onBook({ slotKey: entry.slot.key, startsAt: entry.startsAt })}>{t('bookSlot')}</Button>}
      </div>
    </li>
  )
}
