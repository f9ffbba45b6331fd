'use client'
import { useTranslations } from 'next-intl'
import Link from 'next/link'
import type { ReactNode } from 'react'
import { WavePill } from '@/features/wave/components/wave-pill.tsx'
import { useFormats } from '@/ui/format/use-formats.ts'
import { Progress } from '@/ui/progress.tsx'
import { DataTable } from '@/ui/table/data-table.tsx'
import type { DataColumn } from '@/ui/table/data-table.tsx'
import { attentionOf, rank } from '../attention.ts'
import type { Overview } from './overview-page.tsx'

type Wave = Overview['waves'][number]

/** All waves in one table, those that need somebody first. */
export function WaveTable({ waves, empty }: { waves: readonly Wave[]; empty: ReactNode }) {
  const t = useTranslations('overview.waves')
  const states = useTranslations('states')
  const waveStates = useTranslations('migrate.waveState')
  const travel = useTranslations('shipments.travel')
  const shipmentStates = useTranslations('shipments.status')
  const formats = useFormats()
  const rows = waves.map((wave) => ({ ...wave, attention: attentionOf(wave) })).sort((a, b) => rank(a.attention) - rank(b.attention))
  type Row = (typeof rows)[number]
  const done = (row: Row) => row.migrations.filter((migration) => migration.status === 'COMPLETED').length
  const byDevice = ({ status, expectedAt, late, vms }: NonNullable<Row['shipment']>) => (status === 'HANDED_OVER' && expectedAt !== null ? travel(late ? 'shortLate' : 'shortExpected', { date: formats.date(expectedAt) }) : travel('short', { status: shipmentStates(status), count: vms }))
  const columns: DataColumn<Row>[] = [
    {
      id: 'wave', header: t('columns.wave'), value: (row) => `${row.name} ${row.tenantName}`,
      cell: (row) => <div className="min-w-0"><Link href={`/waves/${row.id}`} className="font-medium text-accent underline-offset-4 hover:underline">{row.name}</Link><p className="text-xs text-muted">{row.tenantName}</p></div>,
    },
    { id: 'state', header: t('columns.state'), value: (row) => waveStates(row.attention.state), cell: (row) => <WavePill state={row.attention.state} /> },
    {
      id: 'progress', header: t('columns.progress'), value: (row) => row.copiedShare, searchable: false,
      cell: (row) => {
        const share = row.attention.over ? 1 : (row.copiedShare ?? 0)
        return (
          <div className="flex w-36 flex-col gap-1">
            <Progress label={t('progressOf', { wave: row.name })} valueText={formats.percent(share)} total={1} segments={[{ value: share, className: row.attention.over ? 'bg-success' : 'bg-accent', label: formats.percent(share) }]} />
            <span className="text-xs text-muted tabular-nums">{t('done', { done: done(row), total: row.migrations.length, share: formats.percent(share) })}</span>
            {row.shipment !== null && <Link href={`/shipments/${row.shipment.id}`} className={row.shipment.late ? 'text-xs font-medium text-warning hover:underline' : 'text-xs text-muted hover:underline'}>{byDevice(row.shipment)}</Link>}
          </div>
        )
      },
    },
    {
      id: 'owner', header: t('columns.owner'), value: (row) => (row.attention.owner === null ? '' : states(`owner.${row.attention.owner}`)),
      cell: (row) => (row.attention.reason === null || row.attention.owner === null
        ? <span className="text-muted">{row.attention.over ? '–' : t('nobody')}</span>
        : <div className="max-w-72"><span className={row.attention.urgent ? 'font-medium text-warning' : 'font-medium'}>{states(`owner.${row.attention.owner}`)}</span><p className="text-xs text-muted">{states(`wait.${row.attention.reason}`)}</p></div>),
    },
    {
      id: 'window', header: t('columns.window'), value: (row) => row.window?.startsAt.getTime() ?? null, searchable: false, hideBelow: 'lg',
      cell: (row) => (row.window === null ? <span className="text-muted">–</span> : <div><span className="whitespace-nowrap">{formats.dateTime(row.window.startsAt)}</span><p className="text-xs text-muted">{states(`booking.${row.window.status}`)}</p></div>),
    },
    { id: 'size', header: t('columns.size'), value: (row) => row.sizeBytes, cell: (row) => formats.bytes(row.sizeBytes), align: 'end', searchable: false, hideBelow: 'xl' },
  ]
  return <DataTable label={t('title')} rows={rows} columns={columns} rowId={(row) => row.id} search={rows.length > 8} empty={empty} />
}
