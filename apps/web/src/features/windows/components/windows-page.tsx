'use client'
import { isProviderRole } from '@driftless/domain'
import { useQuery } from '@tanstack/react-query'
import { CalendarClock } from 'lucide-react'
import { useNow, useTimeZone, useTranslations } from 'next-intl'
import { useState } from 'react'
import { Loaded } from '@/client/loaded.tsx'
import { useTRPC } from '@/client/trpc.ts'
import type { Outputs } from '@/client/trpc.ts'
import { useMay, usePerson } from '@/features/session/components/person-context.tsx'
import { Button } from '@/ui/button.tsx'
import { Card } from '@/ui/card.tsx'
import { EmptyState } from '@/ui/empty-state.tsx'
import { Notice } from '@/ui/notice.tsx'
import { PageHeader } from '@/ui/page-header.tsx'
import { SearchInput } from '@/ui/search-input.tsx'
import { BookWindow, NO_WISH } from './book-window.tsx'
import { BookingCard } from './booking-card.tsx'
import type { BookingWish } from './booking-form.tsx'
import { BookingTable } from './booking-table.tsx'
import { SiteCalendar } from './site-calendar.tsx'
import { ZonedTimes } from './zoned-times.tsx'

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
  const [wish, setWish] = useState<BookingWish | null>(null)
  return (
    <>
      <PageHeader title={t('title')} description={t(staff ? 'leadStaff' : 'lead', { zone })} actions={mayBook && <BookWindow wish={wish} onWish={setWish} />} />
      <Loaded query={list}>{(bookings) => <Windows bookings={bookings} staff={staff} onBook={mayBook ? setWish : null} />}</Loaded>
    </>
  )
}

function Windows({ bookings, staff, onBook }: { bookings: Booking[]; staff: boolean; onBook: ((wish: BookingWish) => void) | null }) {
  const t = useTranslations('windows')
  const held = bookings.filter((booking) => HOLDS.has(booking.status)).sort((a, b) => a.startsAt.getTime() - b.startsAt.getTime())
  const requested = held.filter(({ status }) => status === 'REQUESTED').sort((a, b) => a.requestedAt.getTime() - b.requestedAt.getTime())
  const offered = held.filter(({ status }) => status === 'COUNTER_OFFERED')
  const next = held.filter((booking) => !requested.includes(booking) && !offered.includes(booking))
  const past = bookings.filter((booking) => !HOLDS.has(booking.status))
  const requests = <Section key="requests" title={t('waiting.title')} description={t(staff ? 'waiting.staff' : 'waiting.description')} empty={t('waiting.none')} bookings={requested} all={held} always={staff} />
  const offers = <Section key="offers" title={t(staff ? 'offers.staffTitle' : 'offers.title')} description={t(staff ? 'offers.staff' : 'offers.description')} bookings={offered} all={held} />
  return (
    <>
      {bookings.length === 0 && <Card><EmptyState icon={CalendarClock} title={t('empty.title')} description={t(staff ? 'empty.staff' : onBook === null ? 'empty.viewer' : 'empty.description')} action={onBook && <Button variant="primary" onClick={() => onBook(NO_WISH)}>{t('book.title')}</Button>} /></Card>}
      {bookings.length > 0 && (staff ? [requests, offers] : [offers, requests])}
      {onBook !== null && <Refusals bookings={past} held={held} onBook={onBook} />}
      {bookings.length > 0 && <Section title={t('next.title')} description={t('next.description')} empty={t('next.none')} bookings={next} all={held} always />}
      <SiteCalendar bookings={held} onBook={onBook} />
      {past.length > 0 && <BookingTable bookings={past} staff={staff} />}
    </>
  )
}

/** Why windows were refused whose waves have none since, and the way to another. */
function Refusals({ bookings, held, onBook }: { bookings: readonly Booking[]; held: readonly Booking[]; onBook: (wish: BookingWish) => void }) {
  const t = useTranslations('windows.refused')
  const now = useNow({ updateInterval: 60_000 })
  const open = bookings.filter((booking) => booking.status === 'REJECTED' && booking.endsAt > now && !held.some((other) => other.waveId === booking.waveId && other.kind === booking.kind))
  return open.map((booking) => (
    <Notice key={booking.id} tone="danger" title={t('title', { wave: booking.waveName })} actions={<Button size="sm" onClick={() => onBook({ waveId: booking.waveId, time: null })}>{t('action')}</Button>}>
      {booking.decisionReason !== null && <p className="break-words">“{booking.decisionReason}”</p>}
      <ZonedTimes startsAt={booking.startsAt} endsAt={booking.endsAt} siteZone={booking.siteZone} className="mt-1" />
    </Notice>
  ))
}

/** As many cards are read at a glance; of more, these and a search. */
const SHOWN = 6

/** A request that fits what was typed: by its wave, its customer or one of its VMs. */
const fits = (query: string) => ({ waveName, tenantName, vms }: Booking) => [waveName, tenantName, ...vms.map(({ name }) => name)].some((text) => text.toLocaleLowerCase().includes(query))

function Section({ title, description, empty, bookings, all, always = false }: { title: string; description: string; empty?: string; bookings: Booking[]; all: Booking[]; always?: boolean }) {
  const t = useTranslations('windows')
  const [query, setQuery] = useState('')
  const [open, setOpen] = useState(false)
  if (bookings.length === 0 && !always) return null
  const many = bookings.length > SHOWN
  const found = many ? bookings.filter(fits(query.trim().toLocaleLowerCase())) : bookings
  const shown = open ? found : found.slice(0, SHOWN)
  return (
    <section aria-label={title} className="flex flex-col gap-3">
      <div className="flex flex-wrap items-end justify-between gap-3">
        <div>
          <h2 className="text-sm font-semibold">{title}{many && <span className="ml-1.5 font-normal text-muted tabular-nums">{bookings.length}</span>}</h2>
          <p className="text-xs text-muted">{bookings.length === 0 ? empty : description}</p>
        </div>
        {many && <SearchInput label={t('find', { what: title })} value={query} onChange={(event) => setQuery(event.target.value)} />}
      </div>
      {many && found.length === 0 && <p className="text-sm text-muted" role="status">{t('nothingFound')}</p>}
      {shown.length > 0 && <ul className="grid gap-3 xl:grid-cols-2">{shown.map((booking) => <li key={booking.id} className="min-w-0"><BookingCard booking={booking} others={all} /></li>)}</ul>}
      {shown.length < found.length && <Button className="self-center" onClick={() => setOpen(true)}>{t('showAll', { count: found.length })}</Button>}
    </section>
  )
}
