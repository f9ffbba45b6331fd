'use client'
import { useTranslations } from 'next-intl'
import Link from 'next/link'
import { Card, CardHeader } from '@/ui/card.tsx'
import { DataTable } from '@/ui/table/data-table.tsx'
import type { DataColumn } from '@/ui/table/data-table.tsx'
import { BookingStatusPill } from './booking-status-pill.tsx'
import type { Booking } from './windows-page.tsx'
import { ZonedTimes } from './zoned-times.tsx'

/** Bookings that are over, and why. */
export function BookingTable({ bookings, staff }: { bookings: readonly Booking[]; staff: boolean }) {
  const t = useTranslations('windows.past')
  const states = useTranslations('states.booking')
  const columns: DataColumn<Booking>[] = [
    { id: 'wave', header: t('columns.wave'), value: (row) => row.waveName, cell: (row) => <Link href={`/waves/${row.waveId}`} className="font-medium text-accent underline-offset-4 hover:underline">{row.waveName}</Link> },
    ...(staff ? [{ id: 'customer', header: t('columns.customer'), value: (row: Booking) => row.tenantName }] : []),
    { id: 'status', header: t('columns.status'), value: (row) => states(row.status), cell: (row) => <BookingStatusPill status={row.status} /> },
    { id: 'when', header: t('columns.when'), value: (row) => row.startsAt.getTime(), cell: (row) => <ZonedTimes startsAt={row.startsAt} endsAt={row.endsAt} siteZone={row.siteZone} />, searchable: false },
    { id: 'reason', header: t('columns.reason'), value: (row) => row.decisionReason, sortable: false },
  ]
  return (
    <Card>
      <CardHeader title={t('title')} className="pb-3" />
      <DataTable label={t('title')} rows={bookings} columns={columns} rowId={(row) => row.id} search={bookings.length > 8} initialSort={{ id: 'when', desc: true }} />
    </Card>
  )
}
