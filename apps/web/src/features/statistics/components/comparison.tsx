'use client'
import { useTranslations } from 'next-intl'
import { useRanges } from '@/features/estimate/components/use-ranges.ts'
import { Card, CardHeader } from '@/ui/card.tsx'
import { useFormats } from '@/ui/format/use-formats.ts'
import { largest, outcomeOf } from '../outcome.ts'
import type { Statistics } from './outcome.tsx'

/** What was forecast when the wave was started, beside what came of it. */
export function Comparison({ data }: { data: Statistics }) {
  const t = useTranslations('statistics.outcome')
  const { bytes, duration, durationRange } = useFormats()
  const ranges = useRanges()
  const { wave, forecast, endedAt } = data
  const outcomes = wave.migrations.filter(({ status }) => status !== 'CANCELLED').map(outcomeOf)
  const longest = (pick: (outcome: (typeof outcomes)[number]) => number | null) => {
    const most = largest(outcomes.map(pick))
    return most === null ? '–' : t('longest', { value: duration(most) })
  }
  const ready = outcomes.every(({ untilReadySeconds }) => untilReadySeconds !== null) ? largest(outcomes.map(({ untilReadySeconds }) => untilReadySeconds)) : null
  const copied = wave.migrations.reduce((sum, migration) => sum + migration.backgroundDoneBytes, 0)
  const rows = [
    { label: t('untilReady'), forecast: forecast && durationRange(forecast.replicationSeconds.p50, forecast.replicationSeconds.p90), actual: ready === null ? '–' : duration(ready) },
    { label: t('cutoverEach'), forecast: forecast && durationRange(forecast.cutoverSeconds.p50, forecast.cutoverSeconds.p90), actual: longest((outcome) => outcome.cutoverSeconds) },
    { label: t('downtimeEach'), forecast: null, actual: longest((outcome) => outcome.downtimeSeconds) },
    { label: t('copied'), forecast: forecast && bytes(forecast.usedBytes), actual: bytes(copied) },
    { label: t('sentTotal'), forecast: forecast?.wireBytes === undefined ? null : ranges.bytes(forecast.wireBytes), actual: bytes(wave.migrations.reduce((sum, migration) => sum + migration.sentBytes, 0)) },
    { label: t('total'), forecast: null, actual: endedAt && wave.startedAt ? duration((endedAt.getTime() - wave.startedAt.getTime()) / 1000) : '–' },
  ]
  return (
    <Card>
      <CardHeader className="pb-3" title={t('comparison')} {...(forecast === null ? { description: t('noForecast') } : forecast.enough === false ? { description: t('unsureForecast') } : {})} />
      <div className="overflow-x-auto border-t" tabIndex={0} role="region" aria-label={t('comparison')}>
        <table className="w-full text-sm">
          <thead>
            <tr className="text-xs text-muted">
              <th scope="col" className="px-5 py-2 text-left font-medium">{t('metric')}</th>
              <th scope="col" className="px-3 py-2 text-right font-medium">{t('forecast')}</th>
              <th scope="col" className="px-5 py-2 text-right font-medium">{t('actual')}</th>
            </tr>
          </thead>
          <tbody className="divide-y border-t">
            {rows.map((row) => (
              <tr key={row.label}>
                <th scope="row" className="px-5 py-2.5 text-left font-normal text-muted">{row.label}</th>
                <td className="px-3 py-2.5 text-right tabular-nums">{row.forecast ?? '–'}</td>
                <td className="px-5 py-2.5 text-right font-medium tabular-nums">{row.actual}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Card>
  )
}
