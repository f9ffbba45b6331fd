'use client'
import { Cloud } from 'lucide-react'
import { useTranslations } from 'next-intl'
import type { Outputs } from '@/client/trpc.ts'
import { CardBody } from '@/ui/card.tsx'
import { ChoiceCards } from '@/ui/choice-cards.tsx'
import { EmptyState } from '@/ui/empty-state.tsx'
import { useFormats } from '@/ui/format/use-formats.ts'
import { Input } from '@/ui/input.tsx'
import { NativeSelect } from '@/ui/native-select.tsx'
import { Notice } from '@/ui/notice.tsx'
import { SkeletonRows } from '@/ui/skeleton.tsx'
import type { InventoryVm } from '../inventory-columns.tsx'
import { parseSize } from './draft.ts'
import type { Mapping } from './draft.ts'

export type Destination = Outputs['migrate']['destinations'][number]
export type MappedVm = { vm: InventoryVm; mapping: Mapping }

export function DestinationStep({ destinations, destination, rows, onDestinationChange, onMappingsChange, showProblems }: {
  destinations: readonly Destination[] | undefined
  destination: Destination | undefined
  rows: readonly MappedVm[]
  onDestinationChange: (id: string) => void
  onMappingsChange: (mappings: Readonly<Record<string, Mapping>>) => void
  showProblems: boolean
}) {
  const t = useTranslations('migrate.wizard.destination')
  const { list } = useFormats()
  if (destinations === undefined) return <SkeletonRows label={t('label')} rows={3} />
  if (destination === undefined) return <EmptyState icon={Cloud} title={t('empty.title')} description={t('empty.description')} />
  const set = ({ vm, mapping }: MappedVm, part: Partial<Mapping>) => onMappingsChange({ [vm.id]: { ...mapping, ...part } })
  const forAll = (storage: string) => onMappingsChange(Object.fromEntries(rows.map(({ vm, mapping }) => [vm.id, { ...mapping, storage }])))
  const shared = new Set(rows.map(({ mapping }) => mapping.storage))
  return (
    <>
      <CardBody>
        <ChoiceCards label={t('label')} value={destination.id} onValueChange={onDestinationChange} choices={destinations.map((one) => ({ value: one.id, icon: Cloud, title: one.name, description: `${t('at', { site: one.targetSiteName })} · ${t('networks', { networks: list(one.networks) })}` }))} />
      </CardBody>
      <div className="flex flex-wrap items-center justify-between gap-3 border-t px-5 py-3">
        <h3 className="text-sm font-semibold">{t('mapping')}</h3>
        <label className="flex items-center gap-2 text-xs text-muted">
          {t('storageForAll')}
          <NativeSelect className="w-40" value={shared.size === 1 ? [...shared][0] : ''} onChange={(event) => forAll(event.target.value)}>
            {shared.size !== 1 && <option value="" disabled />}
            {destination.storages.map((storage) => <option key={storage}>{storage}</option>)}
          </NativeSelect>
        </label>
      </div>
      {showProblems && <Notice tone="danger" className="mx-5 mb-3">{t('invalid')}</Notice>}
      <div className="max-h-[32rem] overflow-auto border-t" tabIndex={0} role="region" aria-label={t('table')}>
        <table className="w-full min-w-[46rem] text-sm">
          <thead className="sticky top-0 z-10 bg-surface text-left text-xs text-muted">
            <tr>
              {(['vm', 'sourceNetwork', 'network', 'storage', 'cpus', 'memory'] as const).map((key) => <th key={key} scope="col" className="border-b px-3 py-2 font-medium first:pl-5 last:pr-5">{t(key)}</th>)}
            </tr>
          </thead>
          <tbody className="divide-y">
            {rows.map((row) => {
              const { vm, mapping } = row
              const invalid = showProblems && parseSize(mapping) === null
              return (
                <tr key={vm.id}>
                  <th scope="row" className="py-2 pr-3 pl-5 text-left font-medium">{vm.name}</th>
                  <td className="px-3 text-xs text-muted">{vm.network}</td>
                  <td className="px-3 py-2"><NativeSelect aria-label={t('networkOf', { name: vm.name })} value={mapping.network} onChange={(event) => set(row, { network: event.target.value })}>{destination.networks.map((network) => <option key={network}>{network}</option>)}</NativeSelect></td>
                  <td className="px-3"><NativeSelect aria-label={t('storageOf', { name: vm.name })} value={mapping.storage} onChange={(event) => set(row, { storage: event.target.value })}>{destination.storages.map((storage) => <option key={storage}>{storage}</option>)}</NativeSelect></td>
                  <td className="w-24 px-3"><Input className="h-8" inputMode="numeric" aria-invalid={invalid} aria-label={t('cpusOf', { name: vm.name })} value={mapping.cpus} onChange={(event) => set(row, { cpus: event.target.value })} /></td>
                  <td className="w-32 px-3 pr-5"><Input className="h-8" inputMode="decimal" aria-invalid={invalid} aria-label={t('memoryOf', { name: vm.name })} value={mapping.memoryGib} onChange={(event) => set(row, { memoryGib: event.target.value })} /></td>
                </tr>
              )
            })}
          </tbody>
        </table>
      </div>
    </>
  )
}
