'use client'
import { useQuery } from '@tanstack/react-query'
import { Gauge } from 'lucide-react'
import { useTranslations } from 'next-intl'
import Link from 'next/link'
import { Loaded } from '@/client/loaded.tsx'
import { useTRPC } from '@/client/trpc.ts'
import type { Outputs } from '@/client/trpc.ts'
import { useMay } from '@/features/session/components/person-context.tsx'
import { Card } from '@/ui/card.tsx'
import { EmptyState } from '@/ui/empty-state.tsx'
import { useFormats } from '@/ui/format/use-formats.ts'
import { PageHeader } from '@/ui/page-header.tsx'
import { DataTable } from '@/ui/table/data-table.tsx'
import type { DataColumn } from '@/ui/table/data-table.tsx'
import { EstimateStatusPill } from './estimate-status-pill.tsx'
import { StartObservation } from './start-observation.tsx'

type Row = Outputs['estimate']['list'][number]
/** An observation moves on by the minute; its own page is quicker. */
const REFRESH_MS = 10_000
/** Names that fit a cell; the rest is a number. */
const NAMES_SHOWN = 3

export function EstimatePage() {
  const t = useTranslations('estimate')
  const trpc = useTRPC()
  const mayRun = useMay('run-estimates')
  const list = useQuery(trpc.estimate.list.queryOptions(undefined, { refetchInterval: REFRESH_MS }))
  return (
    <>
      <PageHeader title={t('title')} description={t('lead')} actions={mayRun && <StartObservation />} />
      <Card>
        <Loaded query={list}>
          {(rows) => <EstimateTable rows={rows} empty={<EmptyState icon={Gauge} title={t('empty.title')} description={mayRun ? t('empty.description') : t('empty.viewer')} action={mayRun && <StartObservation />} />} />}
        </Loaded>
      </Card>
    </>
  )
}

function EstimateTable({ rows, empty }: { rows: Row[]; empty: React.ReactNode }) {
  const t = useTranslations('estimate')
  const formats = useFormats()
  const columns: DataColumn<Row>[] = [
    {
      id: 'name', header: t('columns.name'), value: (row) => row.name,
      cell: (row) => (
        <div className="min-w-0">
          <Link href={`/estimate/${row.id}`} className="font-medium text-accent underline-offset-4 hover:underline">{row.name}</Link>
          <p className="text-xs text-muted md:hidden">{t('vmCount', { count: row.vmNames.length })}</p>
        </div>
      ),
    },
    { id: 'status', header: t('columns.status'), value: (row) => t(`status.${row.status}`), cell: (row) => <EstimateStatusPill status={row.status} /> },
    {
      id: 'vms', header: t('columns.vms'), value: (row) => row.vmNames.join(' '), hideBelow: 'md', sortable: false,
      cell: (row) => <span title={formats.list(row.vmNames)}>{row.vmNames.slice(0, NAMES_SHOWN).join(', ')}{row.vmNames.length > NAMES_SHOWN && ` ${t('more', { count: row.vmNames.length - NAMES_SHOWN })}`}</span>,
    },
    { id: 'used', header: t('columns.used'), value: (row) => row.usedBytes, cell: (row) => formats.bytes(row.usedBytes), align: 'end', hideBelow: 'sm', searchable: false },
    { id: 'site', header: t('columns.site'), value: (row) => row.siteName, hideBelow: 'lg' },
    { id: 'ends', header: t('columns.ends'), value: (row) => row.endsAt.getTime(), cell: (row) => <span className="whitespace-nowrap">{formats.dateTime(row.endsAt)}</span>, hideBelow: 'md', searchable: false },
  ]
  return <DataTable label={t('title')} rows={rows} columns={columns} rowId={(row) => row.id} search={rows.length > 8} empty={empty} />
}
