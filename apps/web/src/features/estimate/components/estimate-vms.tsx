'use client'
import { useTranslations } from 'next-intl'
import { Card, CardHeader } from '@/ui/card.tsx'
import { useFormats } from '@/ui/format/use-formats.ts'
import { Pill } from '@/ui/pill.tsx'
import { DataTable } from '@/ui/table/data-table.tsx'
import type { DataColumn } from '@/ui/table/data-table.tsx'
import type { Reading } from './estimate-detail-page.tsx'

type Vm = Reading['vms'][number]

/** The observed VMs one by one: what they hold, how much they change, what their move would take on its own. */
export function EstimateVms({ vms }: { vms: readonly Vm[] }) {
  const t = useTranslations('estimate.vms')
  const formats = useFormats()
  const rate = (value: number | null) => (value === null ? '–' : formats.rate(value))
  const columns: DataColumn<Vm>[] = [
    {
      id: 'name', header: t('columns.name'), value: (vm) => vm.name,
      cell: (vm) => <span className="flex flex-wrap items-center gap-2"><span className="font-medium">{vm.name}</span>{vm.gone && <Pill tone="warning">{t('gone')}</Pill>}{vm.migrating && <Pill tone="info">{t('migrating')}</Pill>}</span>,
    },
    { id: 'used', header: t('columns.used'), value: (vm) => vm.usedBytes, cell: (vm) => formats.bytes(vm.usedBytes), align: 'end', searchable: false },
    { id: 'p50', header: t('columns.churnP50'), value: (vm) => vm.churnP50, cell: (vm) => rate(vm.churnP50), align: 'end', searchable: false, hideBelow: 'md' },
    { id: 'p90', header: t('columns.churnP90'), value: (vm) => vm.churnP90, cell: (vm) => rate(vm.churnP90), align: 'end', searchable: false },
    { id: 'replication', header: t('columns.replication'), value: (vm) => vm.replicationSeconds.p90, cell: (vm) => formats.durationRange(vm.replicationSeconds.p50, vm.replicationSeconds.p90), align: 'end', searchable: false, hideBelow: 'lg' },
    { id: 'downtime', header: t('columns.downtime'), value: (vm) => vm.cutoverSeconds.p90, cell: (vm) => formats.durationRange(vm.cutoverSeconds.p50, vm.cutoverSeconds.p90), align: 'end', searchable: false },
    { id: 'observed', header: t('columns.observed'), value: (vm) => vm.observedSeconds, cell: (vm) => (vm.samples === 0 ? t('notYet') : formats.duration(vm.observedSeconds)), align: 'end', searchable: false, hideBelow: 'lg' },
  ]
  return (
    <Card>
      <CardHeader title={t('title')} description={t('description')} className="pb-3" />
      <DataTable label={t('title')} rows={vms} columns={columns} rowId={(vm) => vm.id} search={vms.length > 8} initialSort={{ id: 'p90', desc: true }} />
    </Card>
  )
}
