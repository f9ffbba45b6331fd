'use client'
import { useTranslations } from 'next-intl'
import { parseAsStringLiteral, useQueryState } from 'nuqs'
import { Segmented } from '@/ui/segmented.tsx'
import type { InventoryVm } from './inventory-columns.tsx'
import { isBlocked } from './inventory-columns.tsx'

const SHOWN = ['all', 'blocked'] as const
const isShown = (value: string): value is (typeof SHOWN)[number] => SHOWN.some((one) => one === value)

/** All VMs, or only those that something stands in the way of; the choice stands in the address. `filter` is null where there is nothing to choose. */
export function useInventoryFilter(vms: readonly InventoryVm[]) {
  const t = useTranslations('migrate.inventory')
  const [shown, setShown] = useQueryState('show', parseAsStringLiteral(SHOWN).withDefault('all'))
  const blocked = vms.filter(isBlocked)
  const only = shown === 'blocked' && blocked.length > 0
  return {
    rows: only ? blocked : vms,
    filter: blocked.length === 0 ? null : (
      <Segmented
        label={t('show')} value={only ? 'blocked' : 'all'} onValueChange={(value) => { if (isShown(value)) void setShown(value) }}
        options={[{ value: 'all', label: t('all') }, { value: 'blocked', label: t('onlyBlocked', { count: blocked.length }) }]}
      />
    ),
  }
}
