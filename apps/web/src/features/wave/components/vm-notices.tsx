'use client'
import { useTranslations } from 'next-intl'
import { useNames } from '@/features/hypervisor/components/use-names.ts'
import { Card, CardHeader } from '@/ui/card.tsx'
import { useFormats } from '@/ui/format/use-formats.ts'
import { DataTable } from '@/ui/table/data-table.tsx'
import type { DataColumn } from '@/ui/table/data-table.tsx'
import type { Wave, WaveMigration } from '../wave-types.ts'

type Row = WaveMigration['notices'][number] & { key: string; vm: string }

/** A list beyond this is searched. */
const SEARCH_FROM = 10

/** What happened to the wave's VMs at their site, newest first: moves, other products' snapshots. */
export function VmNotices({ wave }: { wave: Wave }) {
  const t = useTranslations('hypervisor.notices')
  const names = useNames()
  const { dateTime } = useFormats()
  const rows = wave.migrations.flatMap(({ id, name, notices }) => notices.map((notice, at): Row => ({ ...notice, key: `${id} ${at}`, vm: name }))).sort((a, b) => b.at.getTime() - a.at.getTime())
  if (rows.length === 0) return null
  const columns: DataColumn<Row>[] = [
    {
      id: 'what', header: t('what'), value: (row) => `${names.notice(row.code)} ${row.message}`, sortable: false,
      cell: (row) => <div className="min-w-48 py-1"><span className="block font-medium">{names.notice(row.code)}</span><span className="block max-w-3xl text-xs break-words text-muted">{row.message}</span></div>,
    },
    { id: 'vm', header: t('vm'), value: (row) => row.vm, cell: (row) => <span className="whitespace-nowrap">{row.vm}</span> },
    { id: 'at', header: t('at'), value: (row) => row.at.getTime(), cell: (row) => <time dateTime={row.at.toISOString()}>{dateTime(row.at)}</time>, align: 'end', searchable: false },
  ]
  return (
    <Card>
      <CardHeader className="pb-3" title={t('title')} description={t('description')} />
      <DataTable label={t('table')} rows={rows} columns={columns} rowId={(row) => row.key} className="border-t" search={rows.length > SEARCH_FROM} initialSort={{ id: 'at', desc: true }} />
    </Card>
  )
}
