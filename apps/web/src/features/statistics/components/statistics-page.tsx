'use client'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { ChartSpline } from 'lucide-react'
import Link from 'next/link'
import { useTranslations } from 'next-intl'
import { parseAsInteger, parseAsIsoDateTime, parseAsString, useQueryStates } from 'nuqs'
import { Loaded } from '@/client/loaded.tsx'
import { useTRPC } from '@/client/trpc.ts'
import { SiteErrors } from '@/features/estimate/components/site-errors.tsx'
import { usePerson } from '@/features/session/components/person-context.tsx'
import { WavePill } from '@/features/wave/components/wave-pill.tsx'
import { waveState } from '@/features/wave/wave-state.ts'
import { Button } from '@/ui/button.tsx'
import { Card } from '@/ui/card.tsx'
import { EmptyState } from '@/ui/empty-state.tsx'
import { PageHeader } from '@/ui/page-header.tsx'
import { Charts } from './charts.tsx'
import { Outcome } from './outcome.tsx'
import { RangeBar } from './range-bar.tsx'

const LIVE_MS = 2_000

/** Charts of a wave, live or past; wave, VM and time range stand in the address. */
export function StatisticsPage() {
  const t = useTranslations('statistics')
  const trpc = useTRPC()
  const isCustomer = usePerson().role.startsWith('CUSTOMER_')
  const [asked, setAsked] = useQueryStates({ wave: parseAsString, vm: parseAsString, from: parseAsIsoDateTime, to: parseAsIsoDateTime, last: parseAsInteger }, { history: 'push' })
  const choices = useQuery(trpc.statistics.choices.queryOptions())
  const waveId = asked.wave ?? choices.data?.[0]?.id ?? null
  const query = useQuery(trpc.statistics.read.queryOptions(
    { waveId: waveId ?? '', vmId: asked.vm, from: asked.from, to: asked.to, lastSeconds: asked.last },
    { enabled: waveId !== null, placeholderData: keepPreviousData, refetchInterval: ({ state }) => (state.data?.over === false && asked.to === null ? LIVE_MS : false) },
  ))
  if (choices.data?.length === 0 && asked.wave === null) {
    return (
      <>
        <PageHeader title={t('title')} description={t('description')} />
        <Card><EmptyState icon={ChartSpline} title={t('empty.title')} description={t('empty.description')} action={isCustomer && <Button asChild variant="primary"><Link href="/migrate">{t('empty.action')}</Link></Button>} /></Card>
        <SiteErrors staff={!isCustomer} />
      </>
    )
  }
  const read = query.data
  return (
    <>
      <PageHeader
        title={t('title')} description={t('description')} status={read && <WavePill state={waveState(read.wave.migrations.map(({ status }) => status), read.wave.paused)} />}
        actions={read && <Button asChild><Link href={`/waves/${read.wave.id}`}>{t('openWave')}</Link></Button>}
      />
      <RangeBar choices={choices.data ?? []} wave={read?.wave ?? null} waveId={waveId} asked={asked} live={read?.over === false && asked.to === null} onChange={(change) => void setAsked(change)} />
      {waveId !== null && (
        <Loaded query={query}>
          {(data) => (
            <>
              {data.over && <Outcome data={data} />}
              <Charts points={data.points} bucketSeconds={data.bucketSeconds} />
              {!data.over && <Outcome data={data} />}
            </>
          )}
        </Loaded>
      )}
      <SiteErrors staff={!isCustomer} />
    </>
  )
}
