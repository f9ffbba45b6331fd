'use client'
import { useTranslations } from 'next-intl'
import { Card, CardHeader } from '@/ui/card.tsx'
import { useFormats } from '@/ui/format/use-formats.ts'
import { Progress } from '@/ui/progress.tsx'
import { DataTable } from '@/ui/table/data-table.tsx'
import type { DataColumn } from '@/ui/table/data-table.tsx'
import type { Shipment, ShipmentVm } from '../shipment-types.ts'

/** How far each VM's seed is on either side, what was damaged, and what was written meanwhile. */
export function ShipmentVms({ shipment }: { shipment: Shipment }) {
  const t = useTranslations('shipments.vms')
  const { bytes, number } = useFormats()
  const progress = (vm: ShipmentVm, of: 'exported' | 'imported', series: string) => {
    const { doneBytes, totalBytes, state } = vm[of]
    const words = t('of', { done: bytes(doneBytes), total: bytes(totalBytes) })
    return (
      <div className="flex min-w-36 flex-col gap-1">
        <Progress label={t(`progress.${of}`, { name: vm.name })} valueText={words} total={totalBytes} segments={[{ value: doneBytes, className: series, label: t(`columns.${of}`) }]} />
        <span className="text-xs text-muted tabular-nums">{state !== 'WAITING' ? words : shipment.status === 'CANCELLED' ? '–' : t('waiting')}</span>
      </div>
    )
  }
  const columns: DataColumn<ShipmentVm>[] = [
    { id: 'name', header: t('columns.name'), value: (vm) => vm.name, cell: (vm) => <span className="font-medium">{vm.name}{vm.ended && <span className="block text-xs font-normal text-muted">{t('ended')}</span>}</span> },
    { id: 'exported', header: t('columns.exported'), value: (vm) => vm.exported.doneBytes, cell: (vm) => progress(vm, 'exported', 'bg-series-1'), searchable: false },
    { id: 'imported', header: t('columns.imported'), value: (vm) => vm.imported.doneBytes, cell: (vm) => progress(vm, 'imported', 'bg-series-2'), searchable: false },
    { id: 'stored', header: t('columns.stored'), value: (vm) => vm.exported.storedBytes, cell: (vm) => bytes(vm.exported.storedBytes), align: 'end', searchable: false, hideBelow: 'lg' },
    { id: 'meanwhile', header: t('columns.meanwhile'), value: (vm) => vm.writtenMeanwhileBytes, cell: (vm) => bytes(vm.writtenMeanwhileBytes), align: 'end', searchable: false, hideBelow: 'sm' },
    { id: 'damaged', header: t('columns.damaged'), value: (vm) => vm.imported.damagedBytes, cell: (vm) => (vm.imported.damagedChunks === 0 ? <span className="text-muted">{t('noneDamaged')}</span> : <span className="text-warning">{t('damaged', { count: vm.imported.damagedChunks, number: number(vm.imported.damagedChunks), bytes: bytes(vm.imported.damagedBytes) })}</span>), align: 'end', searchable: false, hideBelow: 'md' },
    { id: 'sent', header: t('columns.sent'), value: (vm) => vm.sentBytes, cell: (vm) => bytes(vm.sentBytes), align: 'end', searchable: false, hideBelow: 'lg' },
  ]
  return (
    <Card>
      <CardHeader title={t('title')} description={t('description')} className="pb-3" />
      <DataTable label={t('title')} rows={shipment.vms} columns={columns} rowId={(vm) => vm.migrationId} className="border-t" />
    </Card>
  )
}
