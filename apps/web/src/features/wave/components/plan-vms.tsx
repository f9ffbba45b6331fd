'use client'
import { isPlanFrozen, LONGEST_APART_GROUP } from '@driftless/domain'
import type { CutoverMode } from '@driftless/domain'
import { ArrowDown, ArrowUp, ChevronDown } from 'lucide-react'
import { useTimeZone, useTranslations } from 'next-intl'
import { useState } from 'react'
import { parseSize } from '@/features/migrate/components/wizard/draft.ts'
import { Check } from '@/features/plan/components/agreement-fields.tsx'
import { Button } from '@/ui/button.tsx'
import { Field } from '@/ui/field.tsx'
import { useFormats } from '@/ui/format/use-formats.ts'
import { Input } from '@/ui/input.tsx'
import { NativeSelect } from '@/ui/native-select.tsx'
import { moved } from '../plan-draft.ts'
import type { VmDraft } from '../plan-draft.ts'
import type { Wave } from '../wave-types.ts'

type Props = { wave: Wave; vms: readonly VmDraft[]; mode: CutoverMode; networks: readonly string[]; storages: readonly string[]; onChange: (vms: VmDraft[]) => void }

/** The VMs in the order of their turns; one at a time is open to be changed, as a wave may have hundreds. */
export function PlanVms({ wave, vms, mode, networks, storages, onChange }: Props) {
  const t = useTranslations('plan.change')
  const { number } = useFormats()
  const [opened, setOpened] = useState<string | null>(null)
  const change = (migrationId: string, part: Partial<VmDraft>) => onChange(vms.map((vm) => (vm.migrationId === migrationId ? { ...vm, ...part } : vm)))
  return (
    <section className="flex flex-col gap-2">
      <h3 className="text-sm font-semibold">{t('vms')}</h3>
      <ol className="flex flex-col gap-2">
        {vms.map((vm, index) => {
          const open = opened === vm.migrationId
          const wrong = parseSize(vm) === null
          return (
            <li key={vm.migrationId} className="rounded-lg border">
              <div className="flex items-center gap-2 px-3 py-2">
                <span className="w-5 shrink-0 text-right text-xs text-muted tabular-nums" aria-hidden>{number(index + 1)}</span>
                <button type="button" aria-expanded={open} aria-label={t('edit', { name: vm.name })} onClick={() => setOpened(open ? null : vm.migrationId)} className="flex min-w-0 flex-1 items-center gap-2 rounded text-left">
                  <span className="min-w-0 flex-1">
                    <span className="block truncate text-sm font-medium">{vm.name}</span>
                    <span className={wrong ? 'block text-xs text-danger' : 'block truncate text-xs text-muted'}>{wrong ? t('sizeWrong') : t('summary', { network: vm.network, storage: vm.storage, cpus: vm.cpus, memory: vm.memoryGib })}</span>
                  </span>
                  <ChevronDown className={open ? 'size-4 rotate-180 text-muted' : 'size-4 text-muted'} aria-hidden />
                </button>
                <Button size="icon" variant="ghost" aria-label={t('up', { name: vm.name })} disabled={index === 0} onClick={() => onChange(moved(vms, index, -1))}><ArrowUp aria-hidden /></Button>
                <Button size="icon" variant="ghost" aria-label={t('down', { name: vm.name })} disabled={index === vms.length - 1} onClick={() => onChange(moved(vms, index, 1))}><ArrowDown aria-hidden /></Button>
              </div>
              {open && <Vm vm={vm} others={vms.filter((other) => other !== vm)} frozen={wave.migrations.some((migration) => migration.id === vm.migrationId && isPlanFrozen(migration.status, migration.attempts.at(-1)?.status))} mode={mode} networks={networks} storages={storages} onChange={(part) => change(vm.migrationId, part)} />}
            </li>
          )
        })}
      </ol>
    </section>
  )
}

function Vm({ vm, others, frozen, mode, networks, storages, onChange }: { vm: VmDraft; others: readonly VmDraft[]; frozen: boolean; mode: CutoverMode; networks: readonly string[]; storages: readonly string[]; onChange: (part: Partial<VmDraft>) => void }) {
  const t = useTranslations('plan.change')
  const zone = useTimeZone() ?? 'UTC'
  // What a destination has stopped offering stays a choice for the VM that has it.
  const offered = (values: readonly string[], present: string) => (values.includes(present) ? values : [present, ...values])
  return (
    <fieldset disabled={frozen} className="grid gap-4 border-t px-3 py-4 sm:grid-cols-2">
      <legend className="sr-only">{vm.name}</legend>
      {frozen && <p className="text-xs text-muted sm:col-span-2">{t('frozen')}</p>}
      <Field label={t('network')}>{(control) => <NativeSelect {...control} value={vm.network} onChange={(event) => onChange({ network: event.target.value })}>{offered(networks, vm.network).map((one) => <option key={one}>{one}</option>)}</NativeSelect>}</Field>
      <Field label={t('storage')}>{(control) => <NativeSelect {...control} value={vm.storage} onChange={(event) => onChange({ storage: event.target.value })}>{offered(storages, vm.storage).map((one) => <option key={one}>{one}</option>)}</NativeSelect>}</Field>
      <Field label={t('cpus')}>{(control) => <Input {...control} inputMode="numeric" value={vm.cpus} onChange={(event) => onChange({ cpus: event.target.value })} />}</Field>
      <Field label={t('memory')} error={parseSize(vm) === null ? t('sizeWrong') : undefined}>{(control) => <Input {...control} inputMode="decimal" value={vm.memoryGib} onChange={(event) => onChange({ memoryGib: event.target.value })} />}</Field>
      <Field label={t('apart')} hint={t('apartHint')}>{(control) => <Input {...control} value={vm.apartGroup} maxLength={LONGEST_APART_GROUP} onChange={(event) => onChange({ apartGroup: event.target.value })} />}</Field>
      {mode === 'SCHEDULED' && (
        <Field label={t('moment')} hint={t('momentHint', { zone })}>
          {(control) => <Input {...control} type="datetime-local" value={vm.moment} onChange={(event) => onChange({ moment: event.target.value })} />}
        </Field>
      )}
      <fieldset className="sm:col-span-2">
        <legend className="mb-2 text-sm font-medium">{t('dependsOn')}</legend>
        {others.length === 0 && <p className="text-xs text-muted">{t('dependsNone')}</p>}
        <div className="grid max-h-40 gap-2 overflow-y-auto sm:grid-cols-2">
          {others.map((other) => (
            <Check key={other.migrationId} label={other.name} checked={vm.dependsOnIds.includes(other.migrationId)} disabled={frozen} onChange={(on) => onChange({ dependsOnIds: on ? [...vm.dependsOnIds, other.migrationId] : vm.dependsOnIds.filter((id) => id !== other.migrationId) })} />
          ))}
        </div>
      </fieldset>
    </fieldset>
  )
}
