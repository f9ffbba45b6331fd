'use client'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useTranslations } from 'next-intl'
import { useRouter } from 'next/navigation'
import { useState } from 'react'
import { useTRPC } from '@/client/trpc.ts'
import { useErrorText } from '@/client/use-error-text.ts'
import { SimulatorLabel } from '@/features/hypervisor/components/simulator-label.tsx'
import { agreementOf } from '@/features/plan/agreement-draft.ts'
import { usePlanWords } from '@/features/plan/components/use-plan-words.ts'
import { Button } from '@/ui/button.tsx'
import { CardBody } from '@/ui/card.tsx'
import { useFormats } from '@/ui/format/use-formats.ts'
import { KeyValueList } from '@/ui/key-value.tsx'
import { Notice } from '@/ui/notice.tsx'
import { toast } from '@/ui/toaster.tsx'
import type { Destination, MappedVm } from './destination-step.tsx'
import { parseSize } from './draft.ts'
import type { Draft } from './draft.ts'
import { ChosenRemarks } from './chosen-remarks.tsx'
import { ForecastPanel } from './forecast-panel.tsx'
import { NEW_TRAVEL, TravelChoice, useTravel } from './travel.tsx'
import type { Source } from './type-step.tsx'

const LAST_STEPS = ['window', 'go', 'stop', 'boot', 'evidence'] as const

/** Everything once more, before anything starts; then the wave is planned, and started if wished. */
export function SummaryStep({ draft, source, destination, rows, rateBytesPerSecond, onBack }: {
  draft: Draft
  source: Source
  destination: Destination
  rows: readonly MappedVm[]
  rateBytesPerSecond: number | null
  onBack: () => void
}) {
  const t = useTranslations('migrate.wizard.summary')
  const wizard = useTranslations('migrate.wizard')
  const plan = usePlanWords()
  const { bytes, rate, number } = useFormats()
  const trpc = useTRPC()
  const router = useRouter()
  const queries = useQueryClient()
  const errorText = useErrorText()
  const planning = useMutation(trpc.migrate.planWave.mutationOptions())
  const start = useMutation(trpc.wave.start.mutationOptions())
  const busy = planning.isPending || start.isPending
  const siteId = rows[0]?.vm.siteId ?? ''
  const siteName = rows[0]?.vm.siteName ?? ''

  const [travel, setTravel] = useState(NEW_TRAVEL)
  const [asked, setAsked] = useState(false)
  const travels = useTravel({ siteId, destinationId: destination.id, vmIds: rows.map(({ vm }) => vm.id), rateBytesPerSecond }, travel)

  const agreed = agreementOf(draft.agreement)
  const submit = async (alsoStart: boolean) => {
    setAsked(true)
    if (!travels.ready) return
    const vms = rows.flatMap(({ vm, mapping }) => {
      const size = parseSize(mapping)
      return size === null ? [] : [{ vmId: vm.id, network: mapping.network, storage: mapping.storage, ...size }]
    })
    try {
      const { waveId } = await planning.mutateAsync({ name: draft.name.trim(), siteId, destinationId: destination.id, cutoverMode: draft.cutoverMode, rateBytesPerSecond, vms, ...(agreed === null ? {} : { agreement: agreed }), ...(travels.device === null ? {} : { device: travels.device }) })
      void queries.invalidateQueries({ queryKey: trpc.migrate.pathKey() })
      // Planned already: should the start fail, the wave's page offers it again.
      router.push(`/waves/${waveId}`)
      if (alsoStart) await start.mutateAsync({ waveId })
      void queries.invalidateQueries({ queryKey: trpc.wave.pathKey() })
      toast.success(alsoStart ? t('started', { name: draft.name }) : t('saved', { name: draft.name }))
    } catch (error) {
      toast.error(errorText(error))
    }
  }

  const used = rows.reduce((sum, { vm }) => sum + vm.usedBytes, 0)
  const size = rows.reduce((sum, { vm }) => sum + vm.sizeBytes, 0)
  const disks = rows.reduce((sum, { vm }) => sum + vm.disks.length, 0)
  const inRounds = source?.inRounds === true
  const steps = [...(inRounds ? (['tapRounds', 'copyRounds'] as const) : (['tap', 'copy'] as const)), ...(travels.device === null ? [] : (['devices'] as const)), ...LAST_STEPS]
  return (
    <>
      <CardBody className="grid items-start gap-8 lg:grid-cols-2">
        <KeyValueList
          items={[
            { label: t('wave'), value: draft.name },
            { label: t('vms'), value: number(rows.length) },
            { label: t('disks'), value: number(disks) },
            { label: t('used'), value: bytes(used) },
            { label: t('size'), value: bytes(size) },
            { label: t('destination'), value: `${destination.name}, ${destination.targetSiteName}` },
            { label: t('type'), value: wizard(inRounds ? 'type.rounds.title' : 'type.live.title') },
            { label: t('cutover'), value: plan.value('mode', draft.cutoverMode) },
            ...(agreed === null ? [] : (['validationMinutes', 'shutdownRefusal'] as const).map((field) => ({ label: plan.field({ vm: null, disk: null, field }), value: plan.value(field, agreed[field]) }))),
            { label: t('rate'), value: rateBytesPerSecond === null ? t('noLimit') : rate(rateBytesPerSecond) },
          ]}
        />
        <ForecastPanel siteId={siteId} vmIds={rows.map(({ vm }) => vm.id)} rateBytesPerSecond={rateBytesPerSecond} targetSiteId={destination.targetSiteId} parallelCutovers={agreed?.parallelCutovers ?? 1} />
      </CardBody>
      <CardBody className="border-t">
        <TravelChoice found={travels} travel={travel} onChange={setTravel} />
        {asked && !travels.ready && <Notice tone="danger" className="mt-4">{t('choosePlaces')}</Notice>}
      </CardBody>
      <CardBody className="border-t">
        <div className="flex flex-wrap items-center justify-between gap-3">
          <h3 className="text-sm font-semibold">{t('happens')}</h3>
          {source?.simulated === true && <SimulatorLabel platform={source.kind} />}
        </div>
        <ol className="mt-3 grid gap-x-8 gap-y-3 text-sm lg:grid-cols-2">
          {steps.map((key, index) => (
            <li key={key} className="flex gap-3">
              <span aria-hidden className="mt-0.5 grid size-5 shrink-0 place-items-center rounded-full bg-sunken text-2xs font-semibold text-muted">{number(index + 1)}</span>
              <span>{t(`steps.${key}`, { site: siteName, target: destination.targetSiteName, provider: t('yourProvider') })}</span>
            </li>
          ))}
        </ol>
        <ChosenRemarks chosen={rows.map(({ vm }) => vm)} className="mt-5" />
      </CardBody>
      {planning.isError && <Notice tone="danger" className="mx-5 mb-4">{errorText(planning.error)}</Notice>}
      <CardBody className="flex flex-wrap justify-between gap-3 border-t">
        <Button onClick={onBack}>{wizard('back')}</Button>
        <div className="flex flex-wrap gap-2">
          <Button disabled={busy} onClick={() => void submit(false)}>{t('save')}</Button>
          <Button variant="primary" busy={busy} onClick={() => void submit(true)}>{t('start')}</Button>
        </div>
      </CardBody>
    </>
  )
}
