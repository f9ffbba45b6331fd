'use client'
import type { WaveForecast } from '@driftless/domain'
import { useTranslations } from 'next-intl'
import { useFormats } from '@/ui/format/use-formats.ts'
import { StatGrid, StatTile } from '@/ui/stat-tile.tsx'
import type { Reading } from './estimate-detail-page.tsx'
import { useRanges } from './use-ranges.ts'

/** What the wave as a whole would take, each as P50 to P90; nothing is claimed before enough is known. */
export function EstimateFigures({ reading, forecast }: { reading: Reading; forecast: WaveForecast }) {
  const t = useTranslations('estimate.tiles')
  const formats = useFormats()
  const ranges = useRanges()
  const known = (value: string) => (forecast.enough ? value : '–')
  return (
    <StatGrid>
      <StatTile className="col-span-2" label={t('identical')} value={known(formats.durationRange(forecast.identicalSeconds.p50, forecast.identicalSeconds.p90))} detail={t('range')} tone={forecast.enough && !forecast.converges ? 'warning' : 'neutral'} />
      <StatTile label={t('cutover')} value={known(formats.durationRange(forecast.downtimeSeconds.p50, forecast.downtimeSeconds.p90))} detail={t('cutoverDetail')} />
      <StatTile label={t('wire')} value={known(ranges.bytes(forecast.wireBytes))} detail={t('wireDetail', { used: formats.bytes(reading.input.vms.reduce((sum, vm) => sum + vm.usedBytes, 0)) })} />
      <StatTile label={t('latency')} value={known(ranges.milliseconds(forecast.addedLatencyMs))} detail={t('latencyDetail')} />
      <StatTile label={t('observed')} value={formats.duration(forecast.observed.seconds)} detail={t('observedDetail', { share: formats.percent(forecast.observed.dayShare) })} />
    </StatGrid>
  )
}
