'use client'
import { Ban, Check, Info } from 'lucide-react'
import { useTranslations } from 'next-intl'
import { useNames } from '@/features/hypervisor/components/use-names.ts'
import { cn } from '@/ui/cn.ts'
import { Pill } from '@/ui/pill.tsx'
import type { InventoryVm } from './inventory-columns.tsx'
import { VmDetails } from './vm-details.tsx'

/** Whether a VM can be migrated, in a few words. */
export function useReadinessText(): (vm: InventoryVm) => string {
  const t = useTranslations('migrate.inventory')
  return ({ blockers, remarks }) => (blockers.length > 0 ? t('blocked') : remarks.length > 0 ? t('remarked', { count: remarks.length }) : t('ready'))
}

/** The same as a button that tells all about it, and the first thing in its way: in a few words, or with `reasons` with what to do. */
export function Readiness({ vm, reasons }: { vm: InventoryVm; reasons: boolean }) {
  const t = useTranslations('migrate')
  const text = useReadinessText()(vm)
  const names = useNames()
  const [first, ...others] = vm.blockers
  const look = first ? ({ tone: 'danger', icon: Ban } as const) : vm.remarks.length > 0 ? ({ tone: 'info', icon: Info } as const) : ({ tone: 'success', icon: Check } as const)
  return (
    <div className="flex flex-col items-start gap-1 max-sm:items-end">
      <VmDetails vm={vm}>
        <button type="button" aria-label={t('vm.open', { state: text, name: vm.name })} className="rounded-full hover:brightness-95 dark:hover:brightness-125"><Pill {...look}>{text}</Pill></button>
      </VmDetails>
      {first && (
        <div className={cn('text-xs max-sm:text-right', reasons ? 'max-w-md sm:min-w-64' : 'text-muted')}>
          <p>{reasons ? first.message : names.blocker(first.code)}</p>
          {others.length > 0 && <p>{t('inventory.more', { count: others.length })}</p>}
        </div>
      )}
    </div>
  )
}
