'use client'
import { useQuery } from '@tanstack/react-query'
import { Waves } from 'lucide-react'
import Link from 'next/link'
import { useTranslations } from 'next-intl'
import type { Outputs } from '@/client/trpc.ts'
import { useTRPC } from '@/client/trpc.ts'
import { useErrorText } from '@/client/use-error-text.ts'
import { WavePill } from '@/features/wave/components/wave-pill.tsx'
import { waveState } from '@/features/wave/wave-state.ts'
import { Card, CardHeader } from '@/ui/card.tsx'
import { EmptyState } from '@/ui/empty-state.tsx'
import { useFormats } from '@/ui/format/use-formats.ts'
import { Notice } from '@/ui/notice.tsx'
import { Progress } from '@/ui/progress.tsx'
import { RelativeTime } from '@/ui/relative-time.tsx'
import { SkeletonRows } from '@/ui/skeleton.tsx'
import { DataTable } from '@/ui/table/data-table.tsx'
import type { DataColumn } from '@/ui/table/data-table.tsx'

type Wave = Outputs['migrate']['waves'][number]
const REFRESH_MS = 2_000
/** Fewer are seen at a glance. */
const SEARCH_FROM = 9

/** The tenant's waves with how far they are. */
export function WaveList() {
  const t = useTranslations('migrate.waves')
  const { bytes, number } = useFormats()
  const errorText = useErrorText()
  const waves = useQuery(useTRPC().migrate.waves.queryOptions(undefined, { refetchInterval: REFRESH_MS }))
  const columns: DataColumn<Wave>[] = [
    { id: 'name', header: t('name'), value: (wave) => wave.name, cell: (wave) => <Link href={`/waves/${wave.id}`} className="font-medium text-accent hover:underline">{wave.name}</Link> },
    { id: 'state', header: t('state'), value: (wave) => waveState(wave.statuses, wave.paused), searchable: false, cell: (wave) => <WavePill state={waveState(wave.statuses, wave.paused)} /> },
    { id: 'vms', header: t('vms'), value: (wave) => wave.vms.length, cell: (wave) => number(wave.vms.length), align: 'end', searchable: false, hideBelow: 'sm' },
    {
      id: 'progress', header: t('progress'), value: (wave) => wave.totalBytes === 0 ? 0 : wave.doneBytes / wave.totalBytes, searchable: false, hideBelow: 'sm',
      cell: (wave) => (
        <div className="flex min-w-40 items-center gap-3">
          <Progress label={wave.name} valueText={t('of', { done: bytes(wave.doneBytes), total: bytes(wave.totalBytes) })} total={wave.totalBytes} segments={[{ value: wave.doneBytes, className: 'bg-series-1', label: t('progress') }]} />
          <span className="shrink-0 text-xs whitespace-nowrap text-muted tabular-nums">{t('of', { done: bytes(wave.doneBytes), total: bytes(wave.totalBytes) })}</span>
        </div>
      ),
    },
    { id: 'destination', header: t('destination'), value: (wave) => wave.destinationName, hideBelow: 'lg' },
    { id: 'created', header: t('created'), value: (wave) => wave.createdAt.getTime(), cell: (wave) => <span className="text-xs text-muted"><RelativeTime at={wave.createdAt} /></span>, align: 'end', searchable: false, hideBelow: 'md' },
  ]
  return (
    <Card>
      <CardHeader title={t('title')} className="pb-3" />
      {waves.isPending && <SkeletonRows label={t('table')} rows={2} />}
      {waves.isError && <Notice tone="danger" className="m-4">{errorText(waves.error)}</Notice>}
      {waves.data && <DataTable label={t('table')} rows={waves.data} columns={columns} rowId={(wave) => wave.id} search={waves.data.length >= SEARCH_FROM} className="border-t" empty={<EmptyState className="py-8" icon={Waves} title={t('empty.title')} description={t('empty.description')} />} />}
    </Card>
  )
}
