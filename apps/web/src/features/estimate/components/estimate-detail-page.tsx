'use client'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { ArrowLeft, MoveRight } from 'lucide-react'
import { useTranslations } from 'next-intl'
import Link from 'next/link'
import { Loaded } from '@/client/loaded.tsx'
import { isRefusal } from '@/client/refusal.ts'
import { useTRPC } from '@/client/trpc.ts'
import type { Outputs } from '@/client/trpc.ts'
import { useErrorText } from '@/client/use-error-text.ts'
import { useMay } from '@/features/session/components/person-context.tsx'
import { Button } from '@/ui/button.tsx'
import { Card, CardBody, CardHeader } from '@/ui/card.tsx'
import { TimeChart } from '@/ui/charts/time-chart.tsx'
import { Confirm } from '@/ui/confirm.tsx'
import { useFormats } from '@/ui/format/use-formats.ts'
import { Notice } from '@/ui/notice.tsx'
import { PageHeader } from '@/ui/page-header.tsx'
import { StatGrid, StatTile } from '@/ui/stat-tile.tsx'
import { toast } from '@/ui/toaster.tsx'
import { EstimateStatusPill } from './estimate-status-pill.tsx'
import { EstimateVms } from './estimate-vms.tsx'
import { LineOrCourier } from './line-or-courier.tsx'
import { LinkRate } from './link-rate.tsx'

export type Reading = Outputs['estimate']['read']
/** Agents report every few seconds. */
const REFRESH_MS = 5_000

export function EstimateDetailPage({ estimateId }: { estimateId: string }) {
  const trpc = useTRPC()
  const query = useQuery(trpc.estimate.read.queryOptions({ estimateId }, { refetchInterval: ({ state }) => (!isRefusal(state.error) && (state.data === undefined || state.data.status === 'OBSERVING') ? REFRESH_MS : false) }))
  return <Loaded query={query}>{(reading) => <EstimateDetail reading={reading} />}</Loaded>
}

function EstimateDetail({ reading }: { reading: Reading }) {
  const t = useTranslations('estimate')
  const formats = useFormats()
  const mayPlan = useMay('plan-waves')
  const movable = reading.vms.filter((vm) => !vm.gone && !vm.migrating)
  const observed = reading.samples > 0
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
      <Warnings reading={reading} />
      <StatGrid>
        <StatTile label={t('tiles.observed')} value={formats.duration(reading.observedSeconds)} detail={t('tiles.samples', { count: reading.samples })} />
        <StatTile label={t('tiles.used')} value={formats.bytes(reading.total.usedBytes)} detail={t('vmCount', { count: reading.vms.length })} />
        <StatTile label={t('tiles.churnP50')} value={observed ? formats.rate(reading.total.churnBytesPerSecond.p50) : '–'} detail={t('tiles.churnP50Detail')} />
        <StatTile label={t('tiles.churnP90')} value={observed ? formats.rate(reading.total.churnBytesPerSecond.p90) : '–'} detail={t('tiles.churnP90Detail')} />
        <StatTile className="col-span-2" label={t('tiles.downtime')} value={formats.durationRange(reading.total.cutoverSeconds.p50, reading.total.cutoverSeconds.p90)} detail={t('tiles.range')} />
      </StatGrid>
      <LineOrCourier reading={reading} />
      <div className="grid gap-6 xl:grid-cols-[1fr_24rem]">
        <Card>
          <CardHeader title={t('chart.title')} description={t('chart.description')} />
          <CardBody>
            <TimeChart label={t('chart.title')} height={180} format={formats.rate} series={[{ key: 'bytesPerSecond', label: t('chart.series'), color: 1 }]} points={reading.points} />
          </CardBody>
        </Card>
        <LinkRate link={reading.link} siteName={reading.siteName} />
      </div>
      <EstimateVms vms={reading.vms} />
    </>
  )
}

function Warnings({ reading }: { reading: Reading }) {
  const t = useTranslations('estimate.warnings')
  const formats = useFormats()
  const gone = reading.vms.filter((vm) => vm.gone).map((vm) => vm.name)
  return (
    <>
      {reading.samples > 0 && !reading.total.converges && (
        <Notice tone="warning" title={t('neverTitle')}>{t('never', { churn: formats.rate(reading.total.churnBytesPerSecond.p90), link: formats.rate(reading.link.p90BytesPerSecond) })}</Notice>
      )}
      {reading.samples === 0 && <Notice title={t('nothingTitle')}>{reading.status === 'OBSERVING' ? t('nothingYet') : t('nothingSeen')}</Notice>}
      {reading.samples > 0 && reading.unobserved.length > 0 && <Notice tone="warning">{t('unobserved', { vms: formats.list(reading.unobserved), count: reading.unobserved.length })}</Notice>}
      {gone.length > 0 && <Notice tone="warning">{t('gone', { vms: formats.list(gone), count: gone.length })}</Notice>}
    </>
  )
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
