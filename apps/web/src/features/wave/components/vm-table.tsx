'use client'
import { MIGRATION_ENDED } from '@driftless/domain'
import { useTranslations } from 'next-intl'
import { Card, CardHeader } from '@/ui/card.tsx'
import { useFormats } from '@/ui/format/use-formats.ts'
import { Progress } from '@/ui/progress.tsx'
import { DataTable } from '@/ui/table/data-table.tsx'
import type { DataColumn } from '@/ui/table/data-table.tsx'
import type { Wave, WaveMigration } from '../wave-types.ts'
import { MigrationPill } from './migration-pill.tsx'
import { NextStep } from './next-step.tsx'
import { ThrottleState } from './throttle-state.tsx'
import { VmActions } from './vm-actions.tsx'

/** Every VM of the wave: how far, who acts next and why, and what can be done with it alone. */
export function VmTable({ wave }: { wave: Wave }) {
  const t = useTranslations('wave')
  const { bytes, rate, percent, duration } = useFormats()
  const lagSeconds = (migration: WaveMigration) => (migration.behindSince === null ? 0 : Math.max(0, (wave.now.getTime() - migration.behindSince.getTime()) / 1000))
  // Before the first copy is through, a target that is "behind" means nothing yet.
  const counts = (migration: WaveMigration) => !MIGRATION_ENDED.includes(migration.status) && migration.sourceConnected !== null && migration.backgroundLeftBytes === 0
  const reported = (migration: WaveMigration) => !MIGRATION_ENDED.includes(migration.status) && migration.sourceConnected !== null
  const verifiedShare = (migration: WaveMigration) => Math.min(1, migration.verifiedBytes / Math.max(1, migration.disks.reduce((sum, disk) => sum + disk.sizeBytes, 0)))
  const verifying = (migration: WaveMigration) => counts(migration) && migration.verifiedBytes > 0
  const inRounds = wave.source?.inRounds === true
  const columns: DataColumn<WaveMigration>[] = [
    {
      id: 'name', header: t('vms.name'), value: (migration) => migration.name,
      cell: (migration) => <div className="min-w-32"><span className="block font-medium">{migration.name}</span><span className="block text-xs text-muted">{t('vms.size', { cpus: migration.cpus, memory: bytes(migration.memoryBytes) })}</span>{migration.rateBytesPerSecond !== null && <span className="block text-xs text-muted">{t('vmRates.own', { rate: rate(migration.rateBytesPerSecond) })}</span>}</div>,
    },
    { id: 'status', header: t('vms.status'), value: (migration) => migration.status, cell: (migration) => <MigrationPill status={migration.status} /> },
    {
      id: 'progress', header: t('vms.progress'), searchable: false, value: (migration) => (migration.backgroundTotalBytes === 0 ? 0 : migration.backgroundDoneBytes / migration.backgroundTotalBytes),
      cell: (migration) => {
        const all = migration.backgroundTotalBytes + migration.foregroundDoneBytes + migration.foregroundLeftBytes
        const share = all === 0 ? 0 : Math.min(1, (migration.backgroundDoneBytes + migration.foregroundDoneBytes) / all)
        const text = t('progressText', { percent: percent(share), left: bytes(migration.backgroundLeftBytes + migration.foregroundLeftBytes) })
        return (
          <div className="min-w-36">
            <Progress label={t('progressOf', { name: migration.name })} valueText={text} total={all} segments={[{ value: migration.backgroundDoneBytes, className: 'bg-series-1', label: t('segments.background') }, { value: migration.foregroundDoneBytes, className: 'bg-series-2', label: t('segments.foreground') }]} />
            <span className="mt-1 block text-xs text-muted tabular-nums">{text}</span>
            {verifying(migration) && <span className="block text-xs text-muted tabular-nums">{t('verified', { percent: percent(verifiedShare(migration)) })}</span>}
          </div>
        )
      },
    },
    { id: 'next', header: t('vms.next'), value: (migration) => migration.owner ?? '', cell: (migration) => <div><NextStep migration={migration} /><ThrottleState wave={wave} migration={migration} /></div> },
    { id: 'backlog', header: t('vms.backlog'), align: 'end', searchable: false, hideBelow: 'md', value: (migration) => migration.foregroundLeftBytes, cell: (migration) => (reported(migration) ? bytes(migration.foregroundLeftBytes) : '–') },
    { id: 'lag', header: t('vms.lag'), align: 'end', searchable: false, hideBelow: 'md', value: lagSeconds, cell: (migration) => (counts(migration) ? (migration.behindSince === null ? t(inRounds ? 'vms.inStepRound' : 'vms.inStep') : duration(lagSeconds(migration))) : '–') },
    { id: 'actions', header: t('vms.actionsHead'), cell: (migration) => <VmActions wave={wave} migration={migration} />, align: 'end' },
  ]
  return (
    <Card>
      <CardHeader className="pb-3" title={t('vms.title')} {...(inRounds ? { description: t('vms.rounds') } : {})} />
      <DataTable label={t('vms.table')} rows={wave.migrations} columns={columns} rowId={(migration) => migration.id} className="border-t" search={wave.migrations.length > 10} />
    </Card>
  )
}
