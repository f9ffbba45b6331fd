'use client'
import { useTranslations } from 'next-intl'
import { MOST_VMS } from '../../server/shapes.ts'
import { CardBody } from '@/ui/card.tsx'
import { Field } from '@/ui/field.tsx'
import { useFormats } from '@/ui/format/use-formats.ts'
import { Input } from '@/ui/input.tsx'
import { Notice } from '@/ui/notice.tsx'
import { DataTable } from '@/ui/table/data-table.tsx'
import { isBlocked, useInventoryColumns } from '../inventory-columns.tsx'
import type { InventoryVm } from '../inventory-columns.tsx'
import { ChosenRemarks } from './chosen-remarks.tsx'

const LONGEST_NAME = 80

export function VmsStep({ vms, chosen, selected, onSelectedChange, name, onNameChange, showProblems }: {
  vms: readonly InventoryVm[]
  chosen: readonly InventoryVm[]
  selected: ReadonlySet<string>
  onSelectedChange: (selected: ReadonlySet<string>) => void
  name: string
  onNameChange: (name: string) => void
  showProblems: boolean
}) {
  const t = useTranslations('migrate.wizard.vms')
  const inventory = useTranslations('migrate.inventory')
  const errors = useTranslations('errors')
  const { bytes } = useFormats()
  const columns = useInventoryColumns(vms, true)
  const blocked = vms.filter(isBlocked).length
  const site = chosen[0]?.siteId
  return (
    <>
      <CardBody className="flex flex-col gap-4">
        <Field className="max-w-md" label={t('name')} hint={t('nameHint')} error={showProblems && name.trim() === '' ? t('nameNeeded') : undefined}>
          {(control) => <Input {...control} value={name} maxLength={LONGEST_NAME} onChange={(event) => onNameChange(event.target.value)} />}
        </Field>
        {showProblems && chosen.length === 0 && <Notice tone="danger">{t('none')}</Notice>}
        {new Set(chosen.map((vm) => vm.siteId)).size > 1 && <Notice tone="danger">{t('oneSite')}</Notice>}
        {chosen.length > MOST_VMS && <Notice tone="danger">{errors('WAVE_SIZE', { most: MOST_VMS })}</Notice>}
        <p className="text-sm text-muted" aria-live="polite">{t('selected', { count: chosen.length, used: bytes(chosen.reduce((sum, vm) => sum + vm.usedBytes, 0)) })}</p>
        <ChosenRemarks chosen={chosen} />
        {blocked > 0 && <p className="text-sm text-muted">{t('blocked', { count: blocked })}</p>}
      </CardBody>
      <DataTable<InventoryVm>
        label={inventory('table')} rows={vms} columns={columns} rowId={(vm) => vm.id} rowLabel={(vm) => vm.name} search initialSort={{ id: 'name' }} className="border-t"
        selected={selected} onSelectedChange={onSelectedChange} muted={isBlocked} canSelect={(vm) => vm.migration === null && !isBlocked(vm) && (site === undefined || vm.siteId === site)}
      />
    </>
  )
}
