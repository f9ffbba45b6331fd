'use client'
import { isProviderRole } from '@driftless/domain'
import { useQuery } from '@tanstack/react-query'
import { CalendarClock } from 'lucide-react'
import { useTimeZone, useTranslations } from 'next-intl'
import { useState } from 'react'
import { Loaded } from '@/client/loaded.tsx'
import { useTRPC } from '@/client/trpc.ts'
import type { Outputs } from '@/client/trpc.ts'
import { useMay, usePerson } from '@/features/session/components/person-context.tsx'
import { Button } from '@/ui/button.tsx'
import { Card } from '@/ui/card.tsx'
import { EmptyState } from '@/ui/empty-state.tsx'
import { PageHeader } from '@/ui/page-header.tsx'
import { BookWindow } from './book-window.tsx'
import { BookingCard } from './booking-card.tsx'
import { BookingTable } from './booking-table.tsx'
import { SlotCalendar } from './slot-calendar.tsx'

export type Booking = Outputs['windows']['list'][number]
/** Decisions of other people show without a reload. */
const REFRESH_MS = 5_000
const HOLDS: ReadonlySet<Booking['status']> = new Set(['REQUESTED', 'COUNTER_OFFERED', 'APPROVED', 'LOCKED', 'IN_PROGRESS'])

/** Service windows: a customer books them, the provider's scheduler decides on them. */
export function WindowsPage() {
  const t = useTranslations('windows')
  const zone = useTimeZone() ?? 'UTC'
  const staff = isProviderRole(usePerson().role)
  const mayBook = useMay('book-windows')
  const trpc = useTRPC()
  const list = useQuery(trpc.windows.list.queryOptions(undefined, { refetchInterval: REFRESH_MS }))
  const [booking, setBooking] = useState(false)
  return (
    <>
      <PageHeader title={t('title')} description={t(staff ? 'leadStaff' : 'lead', { zone })} actions={mayBook && <BookWindow pressed={booking} onPressedChange={setBooking} />} />
      <Loaded query={list}>{(bookings) => <Windows bookings={bookings} staff={staff} onBook={mayBook ? () => setBooking(true) : null} />}</Loaded>
    </>
  )
}

function Windows({ bookings, staff, onBook }: { bookings: Booking[]; staff: boolean; onBook: (() => void) | null }) {
  const t = useTranslations('windows')
  const held = bookings.filter((booking) => HOLDS.has(booking.status)).sort((a, b) => a.startsAt.getTime() - b.startsAt.getTime())
  const waiting = held.filter((booking) => booking.status === 'REQUESTED' || booking.status === 'COUNTER_OFFERED')
  const next = held.filter((booking) => !waiting.includes(booking))
  const past = bookings.filter((booking) => !HOLDS.has(booking.status))
  if (bookings.length === 0) {
    return <Card><EmptyState icon={CalendarClock} title={t('empty.title')} description={t(staff ? 'empty.staff' : onBook === null ? 'empty.viewer' : 'empty.description')} action={onBook && <Button variant="primary" onClick={onBook}>{t('book.title')}</Button>} /></Card>
  }
  return (
    <>
      <Section title={t('waiting.title')} description={t(staff ? 'waiting.staff' : 'waiting.description')} empty={t('waiting.none')} bookings={waiting} all={held} always={staff} />
      <Section title={t('next.title')} description={t('next.description')} empty={t('next.none')} bookings={next} all={held} always />
      <SlotCalendar bookings={held} />
      {past.length > 0 && <BookingTable bookings={past} staff={staff} />}
    </>
  )
}

function Section({ title, description, empty, bookings, all, always }: { title: string; description: string; empty: string; bookings: Booking[]; all: Booking[]; always: boolean }) {
  if (bookings.length === 0 && !always) return null
  return (
    <section aria-label={title} className="flex flex-col gap-3">
      <div>
        <h2 className="text-sm font-semibold">{title}</h2>
        <p className="text-xs text-muted">{bookings.length === 0 ? empty : description}</p>
      </div>
      {bookings.length > 0 && <ul className="grid gap-3 xl:grid-cols-2">{bookings.map((booking) => <li key={booking.id} className="min-w-0"><BookingCard booking={booking} others={all} /></li>)}</ul>}
    </section>
  )
}
