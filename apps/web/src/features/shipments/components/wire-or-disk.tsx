'use client'
import type { Way } from '@driftless/domain'
import { Cable, Shuffle, Truck } from 'lucide-react'
import { useTranslations } from 'next-intl'
import type { Outputs } from '@/client/trpc.ts'
import { useBitRate } from '@/features/configure/components/use-bit-rate.ts'
import { useFormats } from '@/ui/format/use-formats.ts'
import { NativeSelect } from '@/ui/native-select.tsx'
import { StatTile } from '@/ui/stat-tile.tsx'
import { DataTable } from '@/ui/table/data-table.tsx'
import type { DataColumn } from '@/ui/table/data-table.tsx'
import { BreakEvenChart } from './break-even-chart.tsx'

export type Ways = Outputs['shipments']['plan']
type PlannedVm = Ways['vms'][number]
const ICONS = { WIRE: Cable, DISK: Truck, MIXED: Shuffle } as const

/**
 * Wire or lorry: what is recommended and why, where the two cross, and each VM. With `onWayChange` each VM's way can be chosen
 * (`chosen`: by the VM's id, what differs from the recommendation); without, it is only shown.
 */
export function WireOrDisk({ ways, chosen = {}, onWayChange }: { ways: Ways; chosen?: Readonly<Record<string, Way>>; onWayChange?: (vmId: string, way: Way) => void }) {
  const t = useTranslations('shipments.ways')
  const { durationRange, bytes, number } = useFormats()
  const rate = useBitRate()
  const Icon = ICONS[ways.recommendation]
  const byDisk = ways.vms.filter(({ way }) => way === 'DISK').length
  const wayOf = ({ id, way }: PlannedVm): Way => chosen[id] ?? way
  const columns: DataColumn<PlannedVm>[] = [
    { id: 'name', header: t('columns.name'), value: (vm) => ways.names[vm.id]?.name ?? vm.id, cell: (vm) => <span><span className="font-medium break-all">{ways.names[vm.id]?.name ?? vm.id}</span><span className="block text-xs text-muted tabular-nums">{bytes(ways.names[vm.id]?.usedBytes ?? 0)}</span></span> },
    { id: 'wire', header: t('columns.wire'), value: (vm) => vm.wireSeconds.p50 ?? Infinity, cell: (vm) => durationRange(vm.wireSeconds.p50, vm.wireSeconds.p90), align: 'end', searchable: false },
    { id: 'disk', header: t('columns.disk'), value: (vm) => vm.diskSeconds.p50 ?? Infinity, cell: (vm) => durationRange(vm.diskSeconds.p50, vm.diskSeconds.p90), align: 'end', searchable: false },
    { id: 'catchUp', header: t('columns.catchUp'), value: (vm) => vm.catchUpBytes, cell: (vm) => bytes(vm.catchUpBytes), align: 'end', searchable: false, hideBelow: 'lg' },
    {
      id: 'way', header: t('columns.way'), value: (vm) => t(`way.${wayOf(vm)}`), searchable: false,
      cell: (vm) => (
        <div className="flex min-w-32 flex-col gap-1">
          {onWayChange ? (
            <NativeSelect aria-label={t('wayOf', { name: ways.names[vm.id]?.name ?? vm.id })} value={wayOf(vm)} onChange={(event) => onWayChange(vm.id, event.target.value === 'DISK' ? 'DISK' : 'WIRE')}>
              <option value="WIRE">{t('way.WIRE')}</option><option value="DISK">{t('way.DISK')}</option>
            </NativeSelect>
          ) : <span className="font-medium">{t(`way.${wayOf(vm)}`)}</span>}
          <span className="text-xs text-muted">{wayOf(vm) === vm.way ? t(`reasons.${vm.reason}`) : t('against', { way: t(`way.${vm.way}`) })}</span>
        </div>
      ),
    },
  ]
  return (
    <section aria-label={t('title')} className="flex min-w-0 flex-col gap-4">
      <div className="flex items-start gap-3">
        <span className="grid size-9 shrink-0 place-items-center rounded-lg bg-info-soft text-info"><Icon className="size-4.5" aria-hidden /></span>
        <div className="min-w-0">
          <h3 className="text-sm font-semibold">{t(`recommendation.${ways.recommendation}.title`)}</h3>
          <p className="text-sm text-muted">{t(`recommendation.${ways.recommendation}.text`, { disk: number(byDisk), wire: number(ways.vms.length - byDisk), days: ways.shippingDays })}</p>
        </div>
      </div>
      <dl className="grid gap-px overflow-hidden rounded-lg border bg-border sm:grid-cols-3">
        <StatTile label={t('allWire')} icon={Cable} value={durationRange(ways.wireSeconds.p50, ways.wireSeconds.p90)} />
        <StatTile label={t('allDisk', { days: ways.shippingDays })} icon={Truck} value={durationRange(ways.diskSeconds.p50, ways.diskSeconds.p90)} />
        <StatTile label={t('planned')} icon={Icon} value={durationRange(ways.plannedSeconds.p50, ways.plannedSeconds.p90)} tone="info" />
      </dl>
      <BreakEvenChart ways={ways} />
      <DataTable label={t('table')} rows={ways.vms} columns={columns} rowId={(vm) => vm.id} className="rounded-lg border" />
      <p className="text-xs text-muted">{t('rests', { rate: rate(ways.link.p50BytesPerSecond), observed: number(ways.observed), all: number(ways.vms.length), unseen: ways.vms.length - ways.observed })}</p>
    </section>
  )
}
