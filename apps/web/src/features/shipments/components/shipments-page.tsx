'use client'
import { isProviderRole } from '@driftless/domain'
import { useQuery } from '@tanstack/react-query'
import { Truck } from 'lucide-react'
import Link from 'next/link'
import { useTranslations } from 'next-intl'
import { Loaded } from '@/client/loaded.tsx'
import { useTRPC } from '@/client/trpc.ts'
import { usePerson } from '@/features/session/components/person-context.tsx'
import { Card } from '@/ui/card.tsx'
import { EmptyState } from '@/ui/empty-state.tsx'
import { useFormats } from '@/ui/format/use-formats.ts'
import { PageHeader } from '@/ui/page-header.tsx'
import { RelativeTime } from '@/ui/relative-time.tsx'
import { DataTable } from '@/ui/table/data-table.tsx'
import type { DataColumn } from '@/ui/table/data-table.tsx'
import type { ShipmentRow } from '../shipment-types.ts'
import { ShipmentPill } from './shipment-pill.tsx'

const REFRESH_MS = 5_000

/** Every shipment of disks, with whom it is and until when it should have arrived. */
export function ShipmentsPage() {
  const t = useTranslations('shipments')
  const { date, number } = useFormats()
  const staff = isProviderRole(usePerson().role)
  const query = useQuery(useTRPC().shipments.list.queryOptions(undefined, { refetchInterval: REFRESH_MS }))
  const columns: DataColumn<ShipmentRow>[] = [
    { id: 'wave', header: t('columns.wave'), value: (row) => row.waveName, cell: (row) => <div className="min-w-0"><Link href={`/shipments/${row.id}`} className="font-medium text-accent hover:underline">{row.waveName}</Link><p className="text-xs text-muted sm:hidden">{staff ? row.tenantName : t('way', { from: row.siteName, to: row.targetSiteName })}</p></div> },
    ...(staff ? [{ id: 'tenant', header: t('columns.tenant'), value: (row) => row.tenantName, hideBelow: 'sm' } satisfies DataColumn<ShipmentRow>] : []),
    { id: 'status', header: t('columns.status'), value: (row) => t(`status.${row.status}`), cell: (row) => <ShipmentPill status={row.status} late={row.late} /> },
    { id: 'from', header: t('columns.way'), value: (row) => t('way', { from: row.siteName, to: row.targetSiteName }), hideBelow: 'lg' },
    { id: 'vms', header: t('columns.vms'), value: (row) => row.vms, cell: (row) => number(row.vms), align: 'end', searchable: false, hideBelow: 'sm' },
    { id: 'devices', header: t('columns.devices'), value: (row) => row.devices, cell: (row) => number(row.devices), align: 'end', searchable: false, hideBelow: 'md' },
    { id: 'carrier', header: t('columns.carrier'), value: (row) => [row.carrier, row.trackingNumber].filter((text) => text !== null).join(' '), cell: (row) => row.carrier === null ? <span className="text-muted">–</span> : <span>{row.carrier}{row.trackingNumber !== null && <span className="block text-xs text-muted">{row.trackingNumber}</span>}</span>, hideBelow: 'md' },
    { id: 'expected', header: t('columns.expected'), value: (row) => row.expectedAt?.getTime() ?? 0, cell: (row) => row.expectedAt === null ? <span className="text-muted">–</span> : date(row.expectedAt), searchable: false, hideBelow: 'lg' },
    { id: 'since', header: t('columns.since'), value: (row) => row.statusChangedAt.getTime(), cell: (row) => <span className="text-xs text-muted"><RelativeTime at={row.statusChangedAt} /></span>, align: 'end', searchable: false, hideBelow: 'sm' },
  ]
  return (
    <>
      <PageHeader title={t('title')} description={t(staff ? 'leadStaff' : 'lead')} />
      <Loaded query={query}>
        {(rows) => (
          <Card>
            <DataTable label={t('title')} rows={rows} columns={columns} rowId={(row) => row.id} search={rows.length > 0} empty={<EmptyState icon={Truck} title={t('empty.title')} description={t(staff ? 'empty.staff' : 'empty.text')} />} />
          </Card>
        )}
      </Loaded>
    </>
  )
}
