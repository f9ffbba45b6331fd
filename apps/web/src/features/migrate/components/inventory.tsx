'use client'
import { Server } from 'lucide-react'
import Link from 'next/link'
import { useTranslations } from 'next-intl'
import { Button } from '@/ui/button.tsx'
import { CardHeader } from '@/ui/card.tsx'
import { EmptyState } from '@/ui/empty-state.tsx'
import { useFormats } from '@/ui/format/use-formats.ts'
import { DataTable } from '@/ui/table/data-table.tsx'
import type { InventoryVm } from './inventory-columns.tsx'
import { isBlocked, useInventoryColumns } from './inventory-columns.tsx'
import { useInventoryFilter } from './inventory-filter.tsx'

/** The source sites' VMs; those free of a wave that nothing stands in the way of can be selected. */
export function Inventory({ vms, selected, onSelectedChange, onMigrate }: {
  vms: readonly InventoryVm[]
  selected: ReadonlySet<string>
  onSelectedChange?: (selected: ReadonlySet<string>) => void
  onMigrate: () => void
}) {
  const t = useTranslations('migrate')
  const { list } = useFormats()
  const columns = useInventoryColumns(vms)
  const { rows, filter } = useInventoryFilter(vms)
  const sites = list([...new Set(vms.map((vm) => vm.siteName))])
  if (vms.length === 0)
    return <EmptyState icon={Server} title={t('inventory.empty.title')} description={t('inventory.empty.description')} action={<Button asChild variant="primary"><Link href="/configure">{t('inventory.empty.action')}</Link></Button>} />
  return (
    <>
      <CardHeader className="pb-3" title={t('inventory.title')} description={t('inventory.description', { count: vms.length, sites })} />
      <DataTable<InventoryVm>
        label={t('inventory.table')} rows={rows} columns={columns} rowId={(vm) => vm.id} rowLabel={(vm) => vm.name} search initialSort={{ id: 'name' }} className="border-t"
        {...(onSelectedChange ? { selected, onSelectedChange, canSelect: (vm) => vm.migration === null && !isBlocked(vm) } : {})}
        toolbar={<>{filter}{onSelectedChange && <Button variant="primary" size="sm" disabled={selected.size === 0} onClick={onMigrate}>{t('migrateSelected', { count: selected.size })}</Button>}</>}
      />
    </>
  )
}
