'use client'
import { useQuery } from '@tanstack/react-query'
import { useTranslations } from 'next-intl'
import { parseAsStringLiteral, useQueryState } from 'nuqs'
import { useState } from 'react'
import { useTRPC } from '@/client/trpc.ts'
import { useErrorText } from '@/client/use-error-text.ts'
import { useMay } from '@/features/session/components/person-context.tsx'
import { Button } from '@/ui/button.tsx'
import { Card } from '@/ui/card.tsx'
import { Notice } from '@/ui/notice.tsx'
import { PageHeader } from '@/ui/page-header.tsx'
import { SkeletonRows } from '@/ui/skeleton.tsx'
import { Inventory } from './inventory.tsx'
import { SourceProblems } from './source-problems.tsx'
import { WaveList } from './wave-list.tsx'
import { STEPS } from './wizard/draft.ts'
import { Wizard } from './wizard/wizard.tsx'

/** Reports come every few seconds; nobody waits for one here. */
const REFRESH_MS = 5_000

/** Inventory and waves; with `?step=` the wizard takes their place, so that the browser's Back leads out of it. */
export function MigratePage() {
  const t = useTranslations('migrate')
  const trpc = useTRPC()
  const errorText = useErrorText()
  const mayPlan = useMay('plan-waves')
  const [step, setStep] = useQueryState('step', parseAsStringLiteral(STEPS).withOptions({ history: 'push' }))
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set())
  const inventory = useQuery(trpc.migrate.inventory.queryOptions(undefined, { refetchInterval: REFRESH_MS }))
  const vms = inventory.data

  if (step !== null && vms && mayPlan) return <Wizard vms={vms} selected={selected} onSelectedChange={setSelected} step={step} onStepChange={(next) => void setStep(next)} />
  return (
    <>
      <PageHeader title={t('title')} description={t('description')} actions={mayPlan && <Button variant="primary" onClick={() => void setStep('vms')} disabled={!vms || vms.length === 0}>{t('newWave')}</Button>} />
      <SourceProblems />
      <WaveList />
      <Card aria-busy={inventory.isPending}>
        {inventory.isPending && <SkeletonRows label={t('loading')} />}
        {inventory.isError && <Notice tone="danger" title={t('failed')} className="m-4">{errorText(inventory.error)}</Notice>}
        {vms && <Inventory vms={vms} selected={selected} {...(mayPlan ? { onSelectedChange: setSelected } : {})} onMigrate={() => void setStep('vms')} />}
      </Card>
    </>
  )
}
