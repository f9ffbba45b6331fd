'use client'
import type { CutoverPlan } from '@driftless/domain'
import { useTranslations } from 'next-intl'
import { ZonedTimes } from '@/features/windows/components/zoned-times.tsx'
import { useFormats } from '@/ui/format/use-formats.ts'
import { KeyValueList } from '@/ui/key-value.tsx'
import { usePlanWords } from './use-plan-words.ts'

const SETTINGS = ['mode', 'parallelCutovers', 'shutdownSeconds', 'shutdownRefusal', 'validationMinutes', 'validationDefault', 'keepWayBack'] as const
/** As much of a hash as people compare by eye. */
const LETTERS_OF_HASH = 8

/** A plan to be read before go is said: what holds for all, then each VM in its turn. `givenUp`: VMs that are no longer moved. `siteZone`: the target site's clock; null: it has told none. */
export function PlanView({ plan, planHash, givenUp, siteZone }: { plan: CutoverPlan; planHash: string; givenUp: ReadonlySet<string>; siteZone: string | null }) {
  const t = useTranslations('plan')
  const { bytes, number, list, dateTime } = useFormats()
  const words = usePlanWords()
  const nameOf = (id: string) => plan.vms.find((vm) => vm.migrationId === id)?.name ?? id
  // What a period's end brings has no meaning where there is no period.
  const settings = SETTINGS.filter((field) => plan.validationMinutes > 0 || (field !== 'validationDefault' && field !== 'keepWayBack'))
  return (
    <section aria-label={t('view.title')} className="text-sm">
      <div className="flex flex-wrap items-baseline justify-between gap-x-4">
        <h3 className="font-semibold">{t('view.title')}</h3>
        <code className="font-mono text-xs text-muted">{t('view.hash', { hash: planHash.slice(0, LETTERS_OF_HASH) })}</code>
      </div>
      <KeyValueList
        className="mt-2"
        items={[
          { label: t('view.window'), value: plan.window === null ? t('view.noWindow') : <ZonedTimes startsAt={new Date(plan.window.startsAt)} endsAt={new Date(plan.window.endsAt)} siteZone={siteZone} /> },
          ...(plan.window === null ? [] : [{ label: t('fields.lockoutAt'), value: <ZonedTimes startsAt={new Date(plan.window.lockoutAt)} siteZone={siteZone} /> }]),
          ...settings.map((field) => ({ label: t(`fields.${field}`), value: words.value(field, plan[field]) })),
        ]}
      />
      <h4 className="mt-4 font-medium">{t('view.vms')}</h4>
      <ol className="mt-1 divide-y">
        {plan.vms.map((vm, index) => (
          <li key={vm.migrationId} className="flex gap-3 py-2">
            <span className="w-5 shrink-0 text-right text-muted tabular-nums" aria-hidden>{number(index + 1)}</span>
            <div className="min-w-0">
              <p className="font-medium break-words">{vm.name}{givenUp.has(vm.migrationId) && <span className="ml-2 font-normal text-muted">{t('view.given')}</span>}</p>
              <p className="text-xs text-muted break-words">
                {t('view.size', { cpus: vm.cpus, memory: bytes(vm.memoryBytes), disks: bytes(vm.disks.reduce((sum, disk) => sum + disk.sizeBytes, 0)), count: vm.disks.length })}
                {' · '}{t('view.placed', { network: vm.network, storage: vm.storage })}
                {vm.dependsOnIds.length > 0 && <>{' · '}{t('view.waitsFor', { vms: list(vm.dependsOnIds.map(nameOf)) })}</>}
                {vm.apartGroup !== null && <>{' · '}{t('view.apart', { group: vm.apartGroup })}</>}
                {plan.mode === 'SCHEDULED' && <>{' · '}{vm.cutoverAt === null ? t('atWindow') : t('view.at', { time: dateTime(new Date(vm.cutoverAt)) })}</>}
              </p>
            </div>
          </li>
        ))}
      </ol>
    </section>
  )
}
