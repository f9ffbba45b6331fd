'use client'
import { useQuery } from '@tanstack/react-query'
import { ArrowLeft } from 'lucide-react'
import Link from 'next/link'
import { useTimeZone, useTranslations } from 'next-intl'
import { isRefusal } from '@/client/refusal.ts'
import { useTRPC } from '@/client/trpc.ts'
import { useErrorText } from '@/client/use-error-text.ts'
import { Notice } from '@/ui/notice.tsx'
import { PageHeader } from '@/ui/page-header.tsx'
import { Skeleton } from '@/ui/skeleton.tsx'
import { PreflightCards } from './preflight-cards.tsx'
import { StepTables } from './step-tables.tsx'
import { WindowClock } from './window-clock.tsx'
import { WindowTimeline } from './window-timeline.tsx'

/** While a window is open every second counts; before it a forecast does not change that fast. */
const OPEN_MS = 1_000
const AHEAD_MS = 10_000

/** One wave's cutover on a page: what stands in its way, what is planned, what happens, and until when going back fits. */
export function RunbookPage({ waveId }: { waveId: string }) {
  const t = useTranslations('runbook')
  const zone = useTimeZone() ?? 'UTC'
  const errorText = useErrorText()
  const query = useQuery(useTRPC().runbook.read.queryOptions({ waveId }, {
    refetchInterval: ({ state }) => (isRefusal(state.error) ? false : state.data?.booking?.status === 'IN_PROGRESS' ? OPEN_MS : AHEAD_MS),
  }))
  const reading = query.data
  const back = <Link href={`/waves/${waveId}`} className="inline-flex items-center gap-1 hover:text-foreground"><ArrowLeft className="size-3" aria-hidden />{t('back')}</Link>
  if (!reading) {
    return (
      <>
        <PageHeader title={t('title')} eyebrow={back} />
        {query.isError ? <Notice tone="danger" title={t('failed')}>{errorText(query.error)}</Notice> : <div role="status" aria-label={t('loading')} className="flex flex-col gap-4"><Skeleton className="h-24" /><Skeleton className="h-64" /></div>}
      </>
    )
  }
  return (
    <>
      <PageHeader eyebrow={back} title={t('of', { name: reading.name })} description={t('description', { site: reading.siteName, targetSite: reading.targetSiteName, zone })} />
      {query.isError && <Notice tone="warning">{errorText(query.error)}</Notice>}
      {reading.booking === null ? <Notice tone="info" title={t('noWindow')} actions={<Link className="text-sm font-medium text-accent hover:underline" href={`/windows?wave=${reading.id}`}>{t('book')}</Link>}>{t('noWindowDetail')}</Notice> : <WindowClock reading={reading} booking={reading.booking} />}
      {reading.booking !== null && reading.book !== null && <WindowTimeline booking={reading.booking} book={reading.book} now={reading.now} />}
      <PreflightCards reading={reading} />
      {reading.book !== null && <StepTables book={reading.book} />}
    </>
  )
}
