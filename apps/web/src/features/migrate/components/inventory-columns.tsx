'use client'
import Link from 'next/link'
import { useTranslations } from 'next-intl'
import type { Outputs } from '@/client/trpc.ts'
import { MigrationPill } from '@/features/wave/components/migration-pill.tsx'
import { useFormats } from '@/ui/format/use-formats.ts'
import type { DataColumn } from '@/ui/table/data-table.tsx'
import { cn } from '@/ui/cn.ts'
import { Readiness, useReadinessText } from './readiness.tsx'

export type InventoryVm = Outputs['migrate']['inventory'][number]

const POWERS = ['ON', 'OFF', 'STOPPING'] as const
type Power = (typeof POWERS)[number]
const isPower = (value: string): value is Power => POWERS.some((power) => power === value)

/** Something must be changed at its site before this VM can be migrated. */
export const isBlocked = (vm: Pick<InventoryVm, 'blockers'>): boolean => vm.blockers.length > 0

/**
 * The inventory's columns. The site is shown only where there are several, and whether a VM can be migrated only where some
 * hypervisor says so; with `reasons`, why not stands in the row.
 */
export function useInventoryColumns(vms: readonly InventoryVm[], reasons = false): DataColumn<InventoryVm>[] {
  const severalSites = new Set(vms.map((vm) => vm.siteId)).size > 1
  const told = vms.some((vm) => vm.placed || vm.blockers.length + vm.remarks.length > 0)
  const t = useTranslations('migrate.inventory')
  const states = useTranslations('states')
  const readinessText = useReadinessText()
  const { bytes, rate, number } = useFormats()
  const site: DataColumn<InventoryVm> = { id: 'site', header: t('site'), value: (vm) => vm.siteName, cell: (vm) => <span className="text-xs whitespace-nowrap text-muted">{vm.siteName}</span>, hideBelow: 'xl' }
  const readiness: DataColumn<InventoryVm> = { id: 'readiness', header: t('readiness'), value: readinessText, cell: (vm) => <Readiness vm={vm} reasons={reasons} /> }
  return [
    {
      id: 'name', header: t('name'), value: (vm) => vm.name,
      cell: (vm) => <div className="min-w-36"><span className="block font-medium">{vm.name}</span><span className="block text-xs text-muted">{vm.guestOs}</span></div>,
    },
    {
      id: 'power', header: t('power'), value: (vm) => vm.power, hideBelow: 'md',
      cell: (vm) => (
        <span className="inline-flex items-center gap-1.5 text-xs">
          <span aria-hidden className={cn('size-1.5 rounded-full', vm.power === 'ON' ? 'bg-success' : 'bg-control')} />
          {isPower(vm.power) ? states(`power.${vm.power}`) : vm.power}
        </span>
      ),
    },
    ...(told ? [readiness] : []),
    {
      id: 'wave', header: t('wave'), value: (vm) => vm.migration?.waveName ?? '',
      cell: (vm) => vm.migration === null ? <span className="text-xs text-muted">{t('free')}</span> : (
        <span className="inline-flex flex-wrap items-center gap-x-2 gap-y-1 max-sm:justify-end">
          <Link href={`/waves/${vm.migration.waveId}`} className="text-accent hover:underline">{vm.migration.waveName}</Link>
          <MigrationPill status={vm.migration.status} />
        </span>
      ),
    },
    { id: 'cpus', header: t('cpus'), value: (vm) => vm.cpus, cell: (vm) => number(vm.cpus), align: 'end', hideBelow: 'lg', searchable: false },
    { id: 'memory', header: t('memory'), value: (vm) => vm.memoryBytes, cell: (vm) => bytes(vm.memoryBytes), align: 'end', hideBelow: 'lg', searchable: false },
    {
      id: 'disks', header: t('disks'), value: (vm) => vm.sizeBytes, align: 'end', searchable: false, hideBelow: 'sm',
      cell: (vm) => <><span className="block">{bytes(vm.sizeBytes)}</span><span className="block text-xs text-muted">{t('diskCount', { count: vm.disks.length })}</span></>,
    },
    { id: 'used', header: t('used'), value: (vm) => vm.usedBytes, cell: (vm) => bytes(vm.usedBytes), align: 'end', searchable: false },
    { id: 'churn', header: t('churn'), value: (vm) => vm.churnBytesPerSecond, cell: (vm) => rate(vm.churnBytesPerSecond), align: 'end', searchable: false, hideBelow: 'sm' },
    { id: 'network', header: t('network'), value: (vm) => vm.network, cell: (vm) => <span className="text-xs text-muted">{vm.network}</span>, hideBelow: 'xl' },
    ...(severalSites ? [site] : []),
  ]
}
