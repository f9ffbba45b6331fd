'use client'
import { forecastWave } from '@driftless/domain'
import type { WaveForecast } from '@driftless/domain'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { ArrowLeft, MoveRight } from 'lucide-react'
import { useTranslations } from 'next-intl'
import Link from 'next/link'
import { useMemo } from 'react'
import { Loaded } from '@/client/loaded.tsx'
import { isRefusal } from '@/client/refusal.ts'
import { useTRPC } from '@/client/trpc.ts'
import type { Outputs } from '@/client/trpc.ts'
import { useErrorText } from '@/client/use-error-text.ts'
import { useMay } from '@/features/session/components/person-context.tsx'
import { Button } from '@/ui/button.tsx'
import { Card, CardBody, CardHeader } from '@/ui/card.tsx'
import { Confirm } from '@/ui/confirm.tsx'
import { useFormats } from '@/ui/format/use-formats.ts'
import { Notice } from '@/ui/notice.tsx'
import { PageHeader } from '@/ui/page-header.tsx'
import { toast } from '@/ui/toaster.tsx'
import { missingSeconds } from '../view/what-if.ts'
import { EstimateFigures } from './estimate-figures.tsx'
import { EstimateStatusPill } from './estimate-status-pill.tsx'
import { EstimateVms } from './estimate-vms.tsx'
import { LinkRate } from './link-rate.tsx'
import { NarrowingCard } from './narrowing-card.tsx'
import { ObservedCards } from './observed-cards.tsx'
import { PublishedError, PublishedErrorLine } from './published-error.tsx'
import { Remedy } from './what-if-result.tsx'
import { WhatIf } from './what-if.tsx'
import { WaysCard } from './ways-card.tsx'
import { WindowsCard } from './windows-card.tsx'

export type Reading = Outputs['estimate']['read']
/** Agents tell each minute once it is over. */
const REFRESH_MS = 15_000

export function EstimateDetailPage({ estimateId }: { estimateId: string }) {
  const trpc = useTRPC()
  const query = useQuery(trpc.estimate.read.queryOptions({ estimateId }, { refetchInterval: ({ state }) => (!isRefusal(state.error) && (state.data === undefined || state.data.status === 'OBSERVING') ? REFRESH_MS : false) }))
  return <Loaded query={query}>{(reading) => <EstimateDetail reading={reading} />}</Loaded>
}

function EstimateDetail({ reading }: { reading: Reading }) {
  const t = useTranslations('estimate')
  const formats = useFormats()
  const mayPlan = useMay('plan-waves')
  const { input } = reading
  const forecast = useMemo(() => forecastWave(input), [input])
  const movable = reading.vms.filter((vm) => !vm.gone && !vm.migrating)
  return (
    <>
      <PageHeader
        eyebrow={<Link href="/estimate" className="inline-flex items-center gap-1 hover:text-foreground"><ArrowLeft className="size-3" aria-hidden />{t('back')}</Link>}
        title={reading.name}
        status={<EstimateStatusPill status={reading.status} />}
        description={t('period', { site: reading.siteName, from: formats.dateTime(reading.startedAt), to: formats.dateTime(reading.endsAt) })}
        actions={(
          <>
            {reading.status === 'OBSERVING' && <StopObservation estimateId={reading.id} />}
            {mayPlan && movable.length > 0 && <Button asChild variant="primary"><Link href={`/migrate?vms=${movable.map((vm) => encodeURIComponent(vm.id)).join(',')}`}><MoveRight aria-hidden />{t('planWave')}</Link></Button>}
          </>
        )}
      />
      <Warnings reading={reading} forecast={forecast} />
      <EstimateFigures reading={reading} forecast={forecast} />
      <KeptLine kept={reading.kept} />
      <PublishedErrorLine error={reading.error} />
      <WhatIf reading={reading} forecast={forecast} />
      <div className="grid items-start gap-6 xl:grid-cols-2">
        <NarrowingCard estimateId={reading.id} live={reading.status === 'OBSERVING'} />
        <WindowsCard reading={reading} forecast={forecast} />
      </div>
      <EstimateVms reading={reading} forecast={forecast} />
      <WaysCard reading={reading} />
      <ObservedCards reading={reading} />
      <div className="grid items-start gap-6 xl:grid-cols-2">
        <LinkRate reading={reading} />
        <Card>
          <CardHeader title={t('error.title')} description={t('error.description', { site: reading.siteName })} />
          <CardBody><PublishedError error={reading.error} /></CardBody>
        </Card>
      </div>
    </>
  )
}

function Warnings({ reading, forecast }: { reading: Reading; forecast: WaveForecast }) {
  const t = useTranslations('estimate.warnings')
  const formats = useFormats()
  const names = (vms: Reading['vms']) => ({ vms: formats.list(vms.map(({ name }) => name)), count: vms.length })
  const gone = reading.vms.filter((vm) => vm.gone)
  const unseen = reading.vms.filter((_, index) => forecast.vms[index]?.observed.intervals === 0)
  const missing = missingSeconds(forecast, Math.max(0, ...reading.input.vms.map(({ intervalSeconds }) => intervalSeconds)))
  const observing = reading.status === 'OBSERVING'
  return (
    <>
      {!forecast.enough && <Notice title={t('notEnoughTitle')}>{t(unseen.length === reading.vms.length ? (observing ? 'nothingYet' : 'nothingSeen') : observing ? 'notEnough' : 'notEnoughEnded', { missing: formats.duration(missing) })}</Notice>}
      {unseen.length > 0 && unseen.length < reading.vms.length && <Notice tone="warning">{t('unobserved', names(unseen))}</Notice>}
      <Remedy forecast={forecast} />
      {gone.length > 0 && <Notice tone="warning">{t('gone', names(gone))}</Notice>}
    </>
  )
}

/** That the estimate of an observation that has ended is kept, and what it was worth. */
function KeptLine({ kept }: { kept: Reading['kept'] }) {
  const t = useTranslations('estimate.kept')
  const formats = useFormats()
  if (kept === null) return null
  const after = kept.stoppedAfterSeconds
  return <p className="text-xs text-muted">{after === null ? t('done', { at: formats.dateTime(kept.madeAt) }) : t(kept.enough ? 'stopped' : 'stoppedTooEarly', { after: formats.duration(after) })}</p>
}

function StopObservation({ estimateId }: { estimateId: string }) {
  const t = useTranslations('estimate.stop')
  const trpc = useTRPC()
  const client = useQueryClient()
  const errorText = useErrorText()
  const end = useMutation(trpc.estimate.end.mutationOptions({
    onSuccess: () => client.invalidateQueries({ queryKey: trpc.estimate.pathKey() }),
    onError: (error) => toast.error(errorText(error)),
  }))
  return <Confirm trigger={<Button>{t('action')}</Button>} title={t('title')} description={t('description')} action={t('action')} onConfirm={() => end.mutateAsync({ estimateId })} />
}
