'use client'
import type { VmForecast, WaveForecast } from '@driftless/domain'
import { useTranslations } from 'next-intl'
import { Card, CardHeader } from '@/ui/card.tsx'
import { useFormats } from '@/ui/format/use-formats.ts'
import { Pill } from '@/ui/pill.tsx'
import { DataTable } from '@/ui/table/data-table.tsx'
import type { DataColumn } from '@/ui/table/data-table.tsx'
import type { Reading } from './estimate-detail-page.tsx'
import { useRanges } from './use-ranges.ts'

type Vm = Reading['vms'][number] & { readonly usedBytes: number; readonly forecast: VmForecast }

/** The VMs one by one, as parts of this wave: what each takes, whether its copy ends, and how much of it was seen. */
export function EstimateVms({ reading, forecast }: { reading: Reading; forecast: WaveForecast }) {
  const t = useTranslations('estimate.vms')
  const formats = useFormats()
  const ranges = useRanges()
  const rows = reading.vms.flatMap((vm, index): Vm[] => {
    const [known, of] = [reading.input.vms[index], forecast.vms[index]]
    return known && of ? [{ ...vm, usedBytes: known.usedBytes, forecast: of }] : []
  })
  const told = (vm: Vm, value: string) => (vm.forecast.enough ? value : '–')
  const columns: DataColumn<Vm>[] = [
    {
      id: 'name', header: t('columns.name'), value: (vm) => vm.name,
      cell: (vm) => (
        <span className="flex flex-wrap items-center gap-2">
          <span className="font-medium">{vm.name}</span>
          {vm.gone && <Pill tone="warning">{t('gone')}</Pill>}{vm.migrating && <Pill tone="info">{t('migrating')}</Pill>}
          {vm.forecast.enough && !vm.forecast.converges && <Pill tone="warning">{t('diverges')}</Pill>}
        </span>
      ),
    },
    { id: 'used', header: t('columns.used'), value: (vm) => vm.usedBytes, cell: (vm) => formats.bytes(vm.usedBytes), align: 'end', searchable: false, hideBelow: 'md' },
    { id: 'identical', header: t('columns.identical'), value: (vm) => vm.forecast.identicalSeconds.p90 ?? Number.MAX_VALUE, cell: (vm) => told(vm, formats.durationRange(vm.forecast.identicalSeconds.p50, vm.forecast.identicalSeconds.p90)), align: 'end', searchable: false },
    { id: 'cutover', header: t('columns.cutover'), value: (vm) => vm.forecast.downtimeSeconds.p90, cell: (vm) => told(vm, formats.durationRange(vm.forecast.downtimeSeconds.p50, vm.forecast.downtimeSeconds.p90)), align: 'end', searchable: false, hideBelow: 'sm' },
    { id: 'wire', header: t('columns.wire'), value: (vm) => vm.forecast.wireBytes.p90, cell: (vm) => told(vm, ranges.bytes(vm.forecast.wireBytes)), align: 'end', searchable: false, hideBelow: 'lg' },
    { id: 'latency', header: t('columns.latency'), value: (vm) => vm.forecast.addedLatencyMs.p90, cell: (vm) => told(vm, ranges.milliseconds(vm.forecast.addedLatencyMs)), align: 'end', searchable: false, hideBelow: 'lg' },
    { id: 'observed', header: t('columns.observed'), value: (vm) => vm.forecast.observed.seconds, cell: (vm) => (vm.forecast.observed.intervals === 0 ? t('notYet') : formats.duration(vm.forecast.observed.seconds)), align: 'end', searchable: false, hideBelow: 'md' },
  ]
  return (
    <Card>
      <CardHeader title={t('title')} description={t('description')} className="pb-3" />
      <DataTable label={t('title')} rows={rows} columns={columns} rowId={(vm) => vm.id} search={rows.length > 8} initialSort={{ id: 'identical', desc: true }} />
    </Card>
  )
}
