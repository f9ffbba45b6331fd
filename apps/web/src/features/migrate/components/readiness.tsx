'use client'
import { Ban, Check, Info } from 'lucide-react'
import { useTranslations } from 'next-intl'
import { Pill } from '@/ui/pill.tsx'
import type { InventoryVm } from './inventory-columns.tsx'
import { VmDetails } from './vm-details.tsx'

/** Whether a VM can be migrated, in a few words. */
export function useReadinessText(): (vm: InventoryVm) => string {
  const t = useTranslations('migrate.inventory')
  return ({ blockers, remarks }) => (blockers.length > 0 ? t('blocked') : remarks.length > 0 ? t('remarked', { count: remarks.length }) : t('ready'))
}

/** The same as a button that tells all about it; with `reasons`, the first thing in its way stands beside it. */
export function Readiness({ vm, reasons }: { vm: InventoryVm; reasons: boolean }) {
  const t = useTranslations('migrate')
  const text = useReadinessText()(vm)
  const [first, ...others] = vm.blockers
  const look = first ? ({ tone: 'danger', icon: Ban } as const) : vm.remarks.length > 0 ? ({ tone: 'info', icon: Info } as const) : ({ tone: 'success', icon: Check } as const)
  return (
    <div className="flex flex-col items-start gap-1 max-sm:items-end">
      <VmDetails vm={vm}>
        <button type="button" aria-label={t('vm.open', { state: text, name: vm.name })} className="rounded-full hover:brightness-95 dark:hover:brightness-125"><Pill {...look}>{text}</Pill></button>
      </VmDetails>
      {reasons && first && <p className="max-w-md text-xs max-sm:text-right">{first.message} {others.length > 0 && t('inventory.more', { count: others.length })}</p>}
    </div>
  )
}
