'use client'
import { useTranslations } from 'next-intl'
import { useFormats } from '@/ui/format/use-formats.ts'
import { Notice } from '@/ui/notice.tsx'
import type { InventoryVm } from '../inventory-columns.tsx'

/** Names in one line; a wave may have hundreds of VMs. */
const MOST_NAMES = 5

/** What a migration will ask of the chosen VMs, such as a short pause: each remark once, with the VMs that it is about. */
export function ChosenRemarks({ chosen, className }: { chosen: readonly InventoryVm[]; className?: string }) {
  const t = useTranslations('migrate.wizard.vms')
  const { list } = useFormats()
  const concerned = chosen.filter((vm) => vm.remarks.length > 0)
  if (concerned.length === 0) return null
  const remarks = [...Map.groupBy(concerned.flatMap((vm) => vm.remarks.map((remark) => ({ vm, remark }))), ({ remark }) => remark.message)]
  const names = (vms: readonly InventoryVm[]) => {
    const rest = vms.length - MOST_NAMES
    return list([...vms.slice(0, MOST_NAMES).map((vm) => vm.name), ...(rest > 0 ? [t('others', { count: rest })] : [])])
  }
  return (
    <Notice title={t('remarks', { count: concerned.length })} {...(className === undefined ? {} : { className })}>
      <ul className="flex list-disc flex-col gap-1 pl-4">{remarks.map(([message, of]) => <li key={message} className="break-words">{t('remarkOf', { vms: names(of.map(({ vm }) => vm)), remark: message })}</li>)}</ul>
    </Notice>
  )
}
