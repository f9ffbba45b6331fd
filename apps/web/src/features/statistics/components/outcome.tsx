'use client'
import { useTranslations } from 'next-intl'
import type { Outputs } from '@/client/trpc.ts'
import { MigrationPill } from '@/features/wave/components/migration-pill.tsx'
import { Card, CardHeader } from '@/ui/card.tsx'
import { useFormats } from '@/ui/format/use-formats.ts'
import { DataTable } from '@/ui/table/data-table.tsx'
import type { DataColumn } from '@/ui/table/data-table.tsx'
import { outcomeOf } from '../outcome.ts'
import { Comparison } from './comparison.tsx'

export type Statistics = Outputs['statistics']['read']
type Migration = Statistics['wave']['migrations'][number]

/** How it went, or goes: forecast beside outcome, and each VM. */
export function Outcome({ data }: { data: Statistics }) {
  const t = useTranslations('statistics.outcome')
  const { bytes, duration, number } = useFormats()
  const orDash = (seconds: number | null) => (seconds === null ? '–' : duration(seconds))
  const columns: DataColumn<Migration>[] = [
    { id: 'vm', header: t('vm'), value: (migration) => migration.name, cell: (migration) => <span className="font-medium whitespace-nowrap">{migration.name}</span> },
    { id: 'state', header: t('state'), value: (migration) => migration.status, cell: (migration) => <MigrationPill status={migration.status} /> },
    { id: 'replication', header: t('replication'), align: 'end', value: (migration) => outcomeOf(migration).untilReadySeconds, cell: (migration) => orDash(outcomeOf(migration).untilReadySeconds) },
    { id: 'sent', header: t('sent'), align: 'end', value: (migration) => migration.sentBytes, cell: (migration) => bytes(migration.sentBytes) },
    { id: 'cutover', header: t('cutover'), align: 'end', hideBelow: 'sm', value: (migration) => outcomeOf(migration).cutoverSeconds, cell: (migration) => orDash(outcomeOf(migration).cutoverSeconds) },
    { id: 'downtime', header: t('downtime'), align: 'end', value: (migration) => outcomeOf(migration).downtimeSeconds, cell: (migration) => orDash(outcomeOf(migration).downtimeSeconds) },
    { id: 'attempts', header: t('attempts'), align: 'end', hideBelow: 'md', value: (migration) => migration.attempts.length, cell: (migration) => number(migration.attempts.length) },
  ]
  return (
    <div className="grid items-start gap-6 2xl:grid-cols-[minmax(0,2fr)_minmax(0,3fr)]">
      <Comparison data={data} />
      <Card>
        <CardHeader className="pb-3" title={t('title')} />
        <DataTable label={t('table')} rows={data.wave.migrations} columns={columns} rowId={(migration) => migration.id} className="border-t" />
      </Card>
    </div>
  )
}
