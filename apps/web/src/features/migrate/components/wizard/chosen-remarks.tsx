'use client'
import { useTranslations } from 'next-intl'
import { useNames } from '@/features/hypervisor/components/use-names.ts'
import { useFormats } from '@/ui/format/use-formats.ts'
import { Notice } from '@/ui/notice.tsx'
import type { InventoryVm } from '../inventory-columns.tsx'

/** Names in one line; a wave may have hundreds of VMs. */
const MOST_NAMES = 5
/** Remarks that only their agents have words for name one VM each; the rows have all of them. */
const MOST_LINES = 10

/** What a migration will ask of the chosen VMs, such as a short pause: each remark once, with the VMs that it is about. */
export function ChosenRemarks({ chosen, className }: { chosen: readonly InventoryVm[]; className?: string }) {
  const t = useTranslations('migrate.wizard.vms')
  const { list } = useFormats()
  const known = useNames()
  const concerned = chosen.filter((vm) => vm.remarks.length > 0)
  if (concerned.length === 0) return null
  const remarks = [...Map.groupBy(concerned.flatMap((vm) => vm.remarks.map(({ code, message }) => ({ vm, text: known.remark(code) ?? message }))), ({ text }) => text)]
  const names = (vms: readonly InventoryVm[]) => {
    const rest = vms.length - MOST_NAMES
    return list([...vms.slice(0, MOST_NAMES).map((vm) => vm.name), ...(rest > 0 ? [t('others', { count: rest })] : [])])
  }
  return (
    <Notice title={t('remarks', { count: concerned.length })} {...(className === undefined ? {} : { className })}>
      <ul className="flex list-disc flex-col gap-1 pl-4">
        {remarks.slice(0, MOST_LINES).map(([text, of]) => <li key={text} className="break-words">{t('remarkOf', { vms: names(of.map(({ vm }) => vm)), remark: text })}</li>)}
        {remarks.length > MOST_LINES && <li>{t('moreRemarks', { count: remarks.length - MOST_LINES })}</li>}
      </ul>
    </Notice>
  )
}
