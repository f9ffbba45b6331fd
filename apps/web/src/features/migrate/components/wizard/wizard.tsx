'use client'
import { useQuery } from '@tanstack/react-query'
import { ArrowLeft } from 'lucide-react'
import { useTranslations } from 'next-intl'
import Link from 'next/link'
import { useState } from 'react'
import { useTRPC } from '@/client/trpc.ts'
import { useErrorText } from '@/client/use-error-text.ts'
import { NEW_AGREEMENT, agreementOf } from '@/features/plan/agreement-draft.ts'
import { Button } from '@/ui/button.tsx'
import { Card, CardBody, CardHeader } from '@/ui/card.tsx'
import { useFormats } from '@/ui/format/use-formats.ts'
import { Notice } from '@/ui/notice.tsx'
import { PageHeader } from '@/ui/page-header.tsx'
import { Stepper } from '@/ui/stepper.tsx'
import { MOST_VMS } from '../../server/shapes.ts'
import { isBlocked } from '../inventory-columns.tsx'
import type { InventoryVm } from '../inventory-columns.tsx'
import { CutoverStep } from './cutover-step.tsx'
import { DestinationStep } from './destination-step.tsx'
import { parseRate, parseSize, proposeMapping, STEPS } from './draft.ts'
import type { Draft, Step } from './draft.ts'
import { SummaryStep } from './summary-step.tsx'
import { TypeStep } from './type-step.tsx'
import { VmsStep } from './vms-step.tsx'

/** From chosen VMs to a wave, in five steps; nothing is written before the last one. */
export function Wizard({ vms, selected, onSelectedChange, step: asked, onStepChange }: {
  vms: readonly InventoryVm[]
  selected: ReadonlySet<string>
  onSelectedChange: (selected: ReadonlySet<string>) => void
  step: Step
  onStepChange: (step: Step | null) => void
}) {
  const t = useTranslations('migrate.wizard')
  const formats = useFormats()
  const errorText = useErrorText()
  const trpc = useTRPC()
  const destinations = useQuery(trpc.migrate.destinations.queryOptions())
  const sources = useQuery(trpc.migrate.sources.queryOptions())
  const [draft, setDraft] = useState<Draft>({ name: t('vms.defaultName', { date: formats.date(Date.now()) }), destinationId: '', mappings: {}, cutoverMode: 'MANUAL', agreement: NEW_AGREEMENT, rateMib: '' })
  const [showProblems, setShowProblems] = useState(false)

  const chosen = vms.filter((vm) => selected.has(vm.id) && vm.migration === null && !isBlocked(vm))
  const source = sources.data?.find(({ siteId }) => siteId === chosen[0]?.siteId)
  // Reloaded in the middle, the choice is gone: the person starts with it again.
  const step = chosen.length === 0 ? 'vms' : asked
  const destination = destinations.data?.find(({ id }) => id === draft.destinationId) ?? destinations.data?.[0]
  const rows = destination ? chosen.map((vm) => ({ vm, mapping: draft.mappings[vm.id] ?? proposeMapping(vm, destination) })) : []
  const change = (part: Partial<Draft>) => setDraft((before) => ({ ...before, ...part }))
  const ready: Record<Step, boolean> = {
    vms: chosen.length > 0 && chosen.length <= MOST_VMS && draft.name.trim() !== '' && new Set(chosen.map((vm) => vm.siteId)).size === 1,
    type: true,
    destination: destination !== undefined && rows.every(({ mapping }) => parseSize(mapping) !== null),
    cutover: parseRate(draft.rateMib) !== undefined && agreementOf(draft.agreement) !== null,
    summary: true,
  }
  const index = STEPS.indexOf(step)
  const go = (to: number) => {
    setShowProblems(false)
    onStepChange(STEPS[to] ?? null)
  }
  const next = () => (ready[step] ? go(index + 1) : setShowProblems(true))

  return (
    <>
      <PageHeader title={t('title')} eyebrow={<Link href="/migrate" className="inline-flex items-center gap-1 hover:text-foreground"><ArrowLeft className="size-3" aria-hidden />{t('cancel')}</Link>} />
      <Stepper label={t('label')} steps={STEPS.map((one) => t(`steps.${one}`))} current={index} onSelect={go} />
      <Card>
        <CardHeader title={t(`${step}.title`)} description={t(`${step}.description`)} />
        {destinations.isError && <Notice tone="danger" className="mx-5 mt-4">{errorText(destinations.error)}</Notice>}
        {step === 'vms' && <VmsStep vms={vms} chosen={chosen} selected={selected} onSelectedChange={onSelectedChange} name={draft.name} onNameChange={(name) => change({ name })} showProblems={showProblems} />}
        {step === 'type' && <TypeStep source={source} />}
        {step === 'destination' && <DestinationStep destinations={destinations.data} destination={destination} rows={rows} onDestinationChange={(destinationId) => change({ destinationId, mappings: {} })} onMappingsChange={(mappings) => change({ mappings: { ...draft.mappings, ...mappings } })} showProblems={showProblems} />}
        {step === 'cutover' && <CutoverStep draft={draft} wayBack={destination?.wayBack === true} onChange={change} showProblems={showProblems} />}
        {step === 'summary' && destination && <SummaryStep draft={draft} source={source} destination={destination} rows={rows} rateBytesPerSecond={parseRate(draft.rateMib) ?? null} onBack={() => go(index - 1)} />}
        {step !== 'summary' && (
          <CardBody className="flex justify-between gap-3 border-t">
            <Button onClick={() => (index === 0 ? onStepChange(null) : go(index - 1))}>{t('back')}</Button>
            <Button variant="primary" onClick={next} disabled={step === 'destination' && destinations.isPending}>{t('next')}</Button>
          </CardBody>
        )}
      </Card>
    </>
  )
}
