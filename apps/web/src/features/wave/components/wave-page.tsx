'use client'
import { MIGRATION_ENDED } from '@driftless/domain'
import { useQuery } from '@tanstack/react-query'
import { ArrowLeft } from 'lucide-react'
import Link from 'next/link'
import { useTranslations } from 'next-intl'
import { useTRPC } from '@/client/trpc.ts'
import { isRefusal } from '@/client/refusal.ts'
import { useErrorText } from '@/client/use-error-text.ts'
import { SimulatorLabel } from '@/features/hypervisor/components/simulator-label.tsx'
import { TravelNotice } from '@/features/shipments/components/travel-notice.tsx'
import { useTravel } from '@/features/shipments/components/use-travel.ts'
import { usePerson } from '@/features/session/components/person-context.tsx'
import { ValidationCards } from '@/features/validation/components/validation-cards.tsx'
import { Notice } from '@/ui/notice.tsx'
import { PageHeader } from '@/ui/page-header.tsx'
import { Skeleton } from '@/ui/skeleton.tsx'
import { waveState } from '../wave-state.ts'
import { ApprovalsCard } from './approvals-card.tsx'
import { BlockedVms } from './blocked-vms.tsx'
import { CutoverProgress } from './cutover-progress.tsx'
import { NotConverging } from './not-converging.tsx'
import { Results } from './results.tsx'
import { SourceProblem } from './source-problem.tsx'
import { TestBoots } from './test-boots.tsx'
import { VmNotices } from './vm-notices.tsx'
import { VmTable } from './vm-table.tsx'
import { WaveControls } from './wave-controls.tsx'
import { WaveNotices } from './wave-notices.tsx'
import { WavePill } from './wave-pill.tsx'
import { WaysBack } from './way-back.tsx'
import { WaveStats } from './wave-stats.tsx'
import { WindowCard } from './window-card.tsx'

/** While something moves, every second; a wave that is over changes no more. */
const ACTIVE_MS = 1_000
const OVER_MS = 30_000

/** One wave, live: how far it is, who must act next, and what can be done. */
export function WavePage({ waveId }: { waveId: string }) {
  const t = useTranslations('wave')
  const errorText = useErrorText()
  const isCustomer = usePerson().role.startsWith('CUSTOMER_')
  const query = useQuery(useTRPC().wave.read.queryOptions({ waveId }, {
    refetchInterval: ({ state }) => (isRefusal(state.error) ? false : state.data?.migrations.every(({ status, wayBack }) => MIGRATION_ENDED.includes(status) && wayBack === null) === true ? OVER_MS : ACTIVE_MS),
  }))
  const wave = query.data
  const travel = useTravel(waveId, wave !== undefined && wave.travelling > 0 && wave.startedAt !== null)
  const back = isCustomer ? <Link href="/migrate" className="inline-flex items-center gap-1 hover:text-foreground"><ArrowLeft className="size-3" aria-hidden />{t('backToMigrate')}</Link> : <Link href="/overview" className="inline-flex items-center gap-1 hover:text-foreground"><ArrowLeft className="size-3" aria-hidden />{t('backToOverview')}</Link>
  if (!wave) {
    return (
      <>
        <PageHeader title={t('title')} eyebrow={back} />
        {query.isError ? <Notice tone="danger" title={t('failed')}>{errorText(query.error)}</Notice> : <div role="status" aria-label={t('loading')} className="flex flex-col gap-4"><Skeleton className="h-24" /><Skeleton className="h-64" /></div>}
      </>
    )
  }
  const simulated = [wave.source, wave.target].find((side) => side?.simulated === true)
  const places = { site: wave.siteName, destination: wave.destinationName, targetSite: wave.targetSiteName }
  return (
    <>
      <PageHeader
        eyebrow={back} title={wave.name} status={<WavePill state={waveState(wave.migrations.map(({ status }) => status), wave.paused)} />}
        description={isCustomer ? t('description', places) : t('forTenant', { ...places, tenant: wave.tenantName })}
        actions={<WaveControls wave={wave} />}
      />
      {query.isError && <Notice tone="warning">{errorText(query.error)}</Notice>}
      {simulated && <p><SimulatorLabel platform={simulated.kind} /></p>}
      <WaveNotices wave={wave} />
      <SourceProblem wave={wave} />
      <BlockedVms wave={wave} />
      <NotConverging wave={wave} />
      {travel !== null && <TravelNotice travel={travel} />}
      <WaveStats wave={wave} travel={travel} />
      <div className="grid items-start gap-6 lg:grid-cols-2">
        <WindowCard wave={wave} travel={travel} />
        <ApprovalsCard wave={wave} kind={wave.bookedTest === null ? 'ANY' : 'CUTOVER'} />
        {wave.bookedTest !== null && <ApprovalsCard wave={wave} kind="TEST" />}
      </div>
      <CutoverProgress wave={wave} />
      <ValidationCards wave={wave} />
      <TestBoots wave={wave} />
      <WaysBack wave={wave} />
      <VmTable wave={wave} />
      <VmNotices wave={wave} />
      <Results wave={wave} />
    </>
  )
}
