'use client'
import { DOWNTIME_PARTS } from '@driftless/domain'
import { Check, X } from 'lucide-react'
import { useTranslations } from 'next-intl'
import { EvidenceLinks } from '@/features/evidence/components/evidence-links.tsx'
import { VerifyEvidence } from '@/features/evidence/components/verify-evidence.tsx'
import { Card, CardHeader } from '@/ui/card.tsx'
import { useFormats } from '@/ui/format/use-formats.ts'
import { DataTable } from '@/ui/table/data-table.tsx'
import type { DataColumn } from '@/ui/table/data-table.tsx'
import type { Attempt, Wave, WaveMigration } from '../wave-types.ts'

const committed = (migration: WaveMigration) => migration.attempts.find((attempt) => attempt.status === 'COMMITTED')

/** How long the VM was away, and what that time went to. */
function Downtime({ attempt }: { attempt: Attempt | undefined }) {
  const t = useTranslations('wave.results')
  const { duration, number } = useFormats()
  if (attempt === undefined || attempt.downtimeSeconds === null) return '–'
  const { downtimeParts: parts } = attempt
  return (
    <>
      {duration(attempt.downtimeSeconds)}
      {parts !== null && <span className="block text-xs text-muted max-sm:whitespace-normal">{DOWNTIME_PARTS.map((part) => t(`parts.${part}`, { seconds: number(Math.round(parts[part] * 10) / 10) })).join(' · ')}</span>}
    </>
  )
}

/** The VM's evidence; before it is signed, how things stand. */
function Evidence({ migration: { id, name, evidence } }: { migration: WaveMigration }) {
  const t = useTranslations('wave.evidence')
  const state = evidence === null ? 'unfinished' : evidence.kind === 'SIGNED' && evidence.signed === null ? 'signing' : null
  return (
    <>
      <EvidenceLinks path={`/api/evidence/${id}`} name={name} short jsonOnly={evidence?.kind === 'PREVIOUS'} />
      {state !== null && <span className="mt-1 block text-xs text-muted">{t(state)}</span>}
    </>
  )
}

const keyOf = (rows: readonly WaveMigration[]) => rows.flatMap(({ evidence }) => (evidence?.kind === 'SIGNED' && evidence.signed !== null ? [evidence.signed.publicKey] : []))[0]

/** What was proven of each VM that runs at the target: downtime, equal disks, complete records; and its evidence. */
export function Results({ wave }: { wave: Wave }) {
  const t = useTranslations('wave.results')
  const { dateTime, number } = useFormats()
  const rows = wave.migrations.filter((migration) => committed(migration) !== undefined)
  if (rows.length === 0) return null
  const signingKey = keyOf(rows)
  const columns: DataColumn<WaveMigration>[] = [
    { id: 'name', header: t('name'), value: (migration) => migration.name, cell: (migration) => <span className="font-medium whitespace-nowrap">{migration.name}</span> },
    { id: 'downtime', header: t('downtime'), align: 'end', value: (migration) => committed(migration)?.downtimeSeconds ?? null, cell: (migration) => <Downtime attempt={committed(migration)} /> },
    {
      id: 'disks', header: t('disks'),
      cell: (migration) => {
        const disks = committed(migration)?.hashes ?? []
        const same = disks.every((disk) => disk.sourceHash === disk.targetHash)
        if (disks.length === 0) return '–'
        return same ? <span className="inline-flex items-center gap-1 text-success"><Check className="size-3.5" aria-hidden />{t('identical', { count: disks.length })}</span> : <span className="inline-flex items-center gap-1 text-danger"><X className="size-3.5" aria-hidden />{t('differ')}</span>
      },
    },
    {
      id: 'records', header: t('records'), align: 'end', hideBelow: 'sm',
      cell: (migration) => {
        const attempt = committed(migration)
        return attempt && attempt.sequenceAtBoot !== null && attempt.acknowledgedSequence !== null ? t('recordsComplete', { count: number(attempt.sequenceAtBoot), total: number(attempt.acknowledgedSequence) }) : '–'
      },
    },
    { id: 'accepted', header: t('accepted'), hideBelow: 'md', value: (migration) => migration.endedAt?.getTime() ?? null, cell: (migration) => (migration.endedAt === null ? '–' : dateTime(migration.endedAt)) },
    { id: 'evidence', header: t('evidence'), align: 'end', cell: (migration) => <Evidence migration={migration} /> },
  ]
  return (
    <Card>
      <CardHeader className="pb-3" title={t('title')} actions={<>{signingKey !== undefined && <VerifyEvidence signingKey={signingKey} />}<EvidenceLinks path={`/api/evidence/waves/${wave.id}`} name={wave.name} /></>} />
      <DataTable label={t('table')} rows={rows} columns={columns} rowId={(migration) => migration.id} className="border-t" />
    </Card>
  )
}
