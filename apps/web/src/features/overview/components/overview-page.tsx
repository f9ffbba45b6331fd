'use client'
import { useQuery } from '@tanstack/react-query'
import { LayoutDashboard } from 'lucide-react'
import { useTranslations } from 'next-intl'
import { Loaded } from '@/client/loaded.tsx'
import { useTRPC } from '@/client/trpc.ts'
import type { Outputs } from '@/client/trpc.ts'
import { Card, CardHeader } from '@/ui/card.tsx'
import { EmptyState } from '@/ui/empty-state.tsx'
import { useFormats } from '@/ui/format/use-formats.ts'
import { PageHeader } from '@/ui/page-header.tsx'
import { StatGrid, StatTile } from '@/ui/stat-tile.tsx'
import { AgentsAway } from './agents-away.tsx'
import { Capacity } from './capacity.tsx'
import { LockedOut } from './locked-out.tsx'
import { NextWindows } from './next-windows.tsx'
import { WaveTable } from './wave-table.tsx'
import { attentionOf } from '../attention.ts'

export type Overview = Outputs['overview']['read']
/** A shift's screen stays open. */
const REFRESH_MS = 5_000

/** All customers' waves at once: what needs somebody comes first. */
export function OverviewPage() {
  const t = useTranslations('overview')
  const trpc = useTRPC()
  const query = useQuery(trpc.overview.read.queryOptions(undefined, { refetchInterval: REFRESH_MS }))
  return (
    <>
      <PageHeader title={t('title')} description={t('lead')} />
      <Loaded query={query}>{(overview) => <Shift overview={overview} />}</Loaded>
    </>
  )
}

function Shift({ overview }: { overview: Overview }) {
  const t = useTranslations('overview')
  const formats = useFormats()
  const { waves, agentsAway, capacity, requests } = overview
  const underWay = waves.filter((wave) => wave.startedAt !== null && !attentionOf(wave).over)
  const needing = waves.filter((wave) => attentionOf(wave).urgent)
  const migrating = underWay.flatMap((wave) => wave.migrations).filter((migration) => !['COMPLETED', 'CANCELLED', 'FAILED', 'ROLLED_BACK'].includes(migration.status))
  const told = capacity.filter((site) => site.freeBytes !== null)
  return (
    <>
      <StatGrid>
        <StatTile label={t('tiles.waves')} value={formats.number(underWay.length)} detail={t('tiles.customers', { count: new Set(underWay.map((wave) => wave.tenantId)).size })} />
        <StatTile label={t('tiles.vms')} value={formats.number(migrating.length)} detail={t('tiles.left', { bytes: formats.bytes(underWay.reduce((sum, wave) => sum + wave.leftBytes, 0)) })} />
        <StatTile label={t('tiles.attention')} value={formats.number(needing.length)} tone={needing.length > 0 ? 'warning' : 'success'} detail={t('tiles.attentionDetail')} />
        <StatTile label={t('tiles.requests')} value={formats.number(requests)} tone={requests > 0 ? 'warning' : 'neutral'} detail={t('tiles.requestsDetail')} />
        <StatTile label={t('tiles.away')} value={formats.number(agentsAway.length)} tone={agentsAway.length > 0 ? 'danger' : 'success'} detail={t('tiles.awayDetail')} />
        <StatTile label={t('tiles.free')} value={told.length === 0 ? '–' : formats.bytes(told.reduce((sum, site) => sum + (site.freeBytes ?? 0), 0))} detail={t('tiles.freeDetail', { count: capacity.length })} />
      </StatGrid>
      <div className="grid items-start gap-6 2xl:grid-cols-[1fr_24rem]">
        <Card>
          <CardHeader title={t('waves.title')} description={t('waves.description')} className="pb-3" />
          <WaveTable waves={waves} empty={<EmptyState icon={LayoutDashboard} title={t('waves.empty.title')} description={t('waves.empty.description')} />} />
        </Card>
        <div className="grid items-start gap-6 md:grid-cols-2 xl:grid-cols-3 2xl:grid-cols-1">
          <LockedOut agents={overview.lockedOut} />
          <NextWindows windows={overview.windows} requests={requests} />
          <AgentsAway agents={agentsAway} />
          <Capacity sites={capacity} />
        </div>
      </div>
    </>
  )
}
