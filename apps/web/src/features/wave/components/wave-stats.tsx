'use client'
import { MIGRATION_UNDER_WAY } from '@driftless/domain'
import { Activity, Clock, Database, Link2, MoveRight, PencilLine, Percent, ShieldCheck } from 'lucide-react'
import { useTranslations } from 'next-intl'
import { Card } from '@/ui/card.tsx'
import { useFormats } from '@/ui/format/use-formats.ts'
import { Progress } from '@/ui/progress.tsx'
import { StatGrid, StatTile } from '@/ui/stat-tile.tsx'
import type { Wave } from '../wave-types.ts'

/** The wave in numbers: progress with its range, both kinds of data, the line, and who is connected. */
export function WaveStats({ wave }: { wave: Wave }) {
  const t = useTranslations('wave.stats')
  const page = useTranslations('wave')
  const { bytes, rate, percent, durationRange, number } = useFormats()
  const counted = wave.migrations.filter(({ status }) => status !== 'CANCELLED' && status !== 'FAILED')
  const sum = (pick: (migration: Wave['migrations'][number]) => number) => counted.reduce((total, migration) => total + pick(migration), 0)
  const backgroundDone = sum((migration) => migration.backgroundDoneBytes)
  const backgroundTotal = sum((migration) => migration.backgroundTotalBytes)
  const foregroundDone = sum((migration) => migration.foregroundDoneBytes)
  const foregroundLeft = sum((migration) => migration.foregroundLeftBytes)
  const all = backgroundTotal + foregroundDone + foregroundLeft
  const share = all === 0 ? 0 : Math.min(1, (backgroundDone + foregroundDone) / all)
  const underWay = counted.filter(({ status }) => MIGRATION_UNDER_WAY.includes(status))
  const completed = counted.filter(({ status }) => status === 'COMPLETED').length
  const { eta, backgroundBytesPerSecond, foregroundBytesPerSecond } = wave.rates
  const caughtUp = wave.startedAt !== null && counted.length > 0 && counted.every(({ status, notConvergingSince }) => notConvergingSince === null && ['READY_FOR_CUTOVER', 'CUTTING_OVER', 'VALIDATING', 'COMPLETED'].includes(status))
  const left = caughtUp ? t('etaDone') : eta === null || wave.startedAt === null ? t('etaUnknown') : durationRange(eta.p50Seconds, eta.p90Seconds)
  const leftDetail = caughtUp ? (wave.source?.inRounds === true ? t('etaRound') : undefined) : eta !== null && wave.startedAt !== null ? t('etaDetail') : undefined
  const valueText = page('progressText', { percent: percent(share), left: bytes(wave.leftBytes) })
  return (
    <Card aria-label={t('label')} className="overflow-hidden">
      <div className="px-5 pt-4 pb-4">
        <div className="mb-2 flex flex-wrap items-baseline justify-between gap-x-4 text-xs text-muted">
          <span className="flex flex-wrap gap-x-4">
            <span className="inline-flex items-center gap-1.5"><span aria-hidden className="size-2 rounded-full bg-series-1" />{page('segments.background')}</span>
            <span className="inline-flex items-center gap-1.5"><span aria-hidden className="size-2 rounded-full bg-series-2" />{page('segments.foreground')}</span>
          </span>
          <span className="tabular-nums">{valueText}</span>
        </div>
        <Progress className="h-2.5" label={page('progressLabel')} valueText={valueText} total={all} segments={[{ value: backgroundDone, className: 'bg-series-1', label: page('segments.background') }, { value: foregroundDone, className: 'bg-series-2', label: page('segments.foreground') }]} />
      </div>
      <StatGrid className="rounded-none border-0 border-t shadow-none sm:grid-cols-4 xl:grid-cols-4">
        <StatTile icon={Percent} label={t('progress')} value={percent(share)} detail={t('left', { bytes: bytes(wave.leftBytes) })} />
        <StatTile icon={Clock} label={t('eta')} value={left} detail={leftDetail} />
        <StatTile icon={Database} label={t('background')} value={bytes(backgroundDone)} detail={`${t('total', { bytes: bytes(backgroundTotal) })} · ${t('left', { bytes: bytes(Math.max(0, backgroundTotal - backgroundDone)) })}`} />
        <StatTile icon={PencilLine} label={t('foreground')} value={bytes(foregroundDone)} detail={t('left', { bytes: bytes(foregroundLeft) })} />
        <StatTile icon={Activity} label={t('bandwidth')} value={rate(backgroundBytesPerSecond + foregroundBytesPerSecond)} detail={t('bandwidthDetail', { background: rate(backgroundBytesPerSecond), foreground: rate(foregroundBytesPerSecond) })} />
        <StatTile icon={MoveRight} label={t('migrating')} value={t('ofCount', { count: number(underWay.length), total: number(counted.length) })} detail={t('done', { count: completed })} />
        <StatTile icon={Link2} label={t('shadows')} value={t('ofCount', { count: number(counted.filter((migration) => migration.targetConnected === true).length), total: number(counted.length) })} />
        <StatTile icon={ShieldCheck} label={t('partner')} value={wave.haPartner ?? t('partnerNone')} detail={t('partnerDetail')} />
      </StatGrid>
    </Card>
  )
}
