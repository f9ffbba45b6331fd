'use client'
import { useTranslations } from 'next-intl'
import type { Outputs } from '@/client/trpc.ts'
import { Field } from '@/ui/field.tsx'
import { useFormats } from '@/ui/format/use-formats.ts'
import { Select } from '@/ui/select.tsx'
import { DataTable } from '@/ui/table/data-table.tsx'
import { useState } from 'react'

type Vm = Outputs['estimate']['listVms'][number]

/** VMs of one site, searched and ticked. Changing the site starts over: an observation belongs to one site. */
export function VmPicker({ vms, chosen, onChange, error }: { vms: readonly Vm[]; chosen: readonly string[]; onChange: (ids: string[]) => void; error: string | undefined }) {
  const t = useTranslations('estimate.start')
  const formats = useFormats()
  const sites = [...new Map(vms.map((vm) => [vm.siteId, vm.siteName]))]
  const [siteId, setSiteId] = useState(sites[0]?.[0] ?? '')
  const here = vms.filter((vm) => vm.siteId === siteId)
  return (
    <div className="flex flex-col gap-2">
      {sites.length > 1 && (
        <Field label={t('site')}>
          {(control) => <Select {...control} value={siteId} onValueChange={(next) => { setSiteId(next); onChange([]) }} options={sites.map(([value, label]) => ({ value, label }))} />}
        </Field>
      )}
      <div className="flex flex-wrap items-baseline justify-between gap-2">
        <span className="text-sm font-medium">{t('vms')}</span>
        <span className="text-xs text-muted" aria-live="polite">{t('chosen', { count: chosen.length })}</span>
      </div>
      <div className="max-h-72 overflow-auto rounded-lg border">
        <DataTable
          label={t('vms')} rows={here} rowId={(vm) => vm.id} rowLabel={(vm) => vm.name} search
          selected={new Set(chosen)} onSelectedChange={(ids) => onChange([...ids])}
          columns={[
            { id: 'name', header: t('columns.name'), value: (vm) => vm.name },
            { id: 'os', header: t('columns.os'), value: (vm) => vm.guestOs, hideBelow: 'sm' },
            { id: 'used', header: t('columns.used'), value: (vm) => vm.usedBytes, cell: (vm) => formats.bytes(vm.usedBytes), align: 'end', searchable: false },
          ]}
        />
      </div>
      {error !== undefined && <p role="alert" className="text-xs text-danger">{error}</p>}
    </div>
  )
}
