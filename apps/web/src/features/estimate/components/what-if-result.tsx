'use client'
import type { WaveForecast } from '@driftless/domain'
import { useTranslations } from 'next-intl'
import { cn } from '@/ui/cn.ts'
import { useFormats } from '@/ui/format/use-formats.ts'
import { Notice } from '@/ui/notice.tsx'
import { differenceOf } from '../view/what-if.ts'
import { useRanges } from './use-ranges.ts'

/** How it is beside how it would be; `after` null: no VM takes part. Differences are those of the P90. */
export function WhatIfResult({ before, after, changed }: { before: WaveForecast; after: WaveForecast | null; changed: boolean }) {
  const t = useTranslations('estimate.whatIf')
  const formats = useFormats()
  const ranges = useRanges()
  if (after === null) return <Notice tone="warning">{t('noVms')}</Notice>
  const duration = (of: { readonly p50: number | null; readonly p90: number | null }) => formats.durationRange(of.p50, of.p90)
  const chance = (value: number | null) => (value === null ? '–' : formats.percent(value))
  const rows = [
    { key: 'identical', was: duration(before.identicalSeconds), is: duration(after.identicalSeconds), by: differenceOf(before.identicalSeconds.p90, after.identicalSeconds.p90), format: formats.duration },
    { key: 'cutover', was: duration(before.downtimeSeconds), is: duration(after.downtimeSeconds), by: differenceOf(before.downtimeSeconds.p90, after.downtimeSeconds.p90), format: formats.duration },
    { key: 'wire', was: ranges.bytes(before.wireBytes), is: ranges.bytes(after.wireBytes), by: differenceOf(before.wireBytes.p90, after.wireBytes.p90), format: formats.bytes },
    { key: 'latency', was: ranges.milliseconds(before.addedLatencyMs), is: ranges.milliseconds(after.addedLatencyMs), by: differenceOf(before.addedLatencyMs.p90, after.addedLatencyMs.p90), format: formats.milliseconds },
  ] as const
  return (
    <div className="flex min-w-0 flex-col gap-3" aria-live="polite" aria-atomic>
      <div className="overflow-x-auto rounded-lg border" tabIndex={0} role="region" aria-label={t('result')}>
        <table className="w-full text-sm">
          <thead>
            <tr className="text-xs text-muted">
              <th scope="col" className="px-3 py-2 text-left font-medium">{t('figure')}</th>
              <th scope="col" className="px-3 py-2 text-right font-medium max-sm:hidden">{t('before')}</th>
              <th scope="col" className="px-3 py-2 text-right font-medium">{t('after')}</th>
              <th scope="col" className="px-3 py-2 text-right font-medium">{t('difference')}</th>
            </tr>
          </thead>
          <tbody className="divide-y border-t">
            {rows.map(({ key, was, is, by, format }) => (
              <tr key={key}>
                <th scope="row" className="px-3 py-2 text-left font-normal text-muted">{t(`figures.${key}`)}</th>
                <td className="px-3 py-2 text-right tabular-nums max-sm:hidden">{was}</td>
                <td className="px-3 py-2 text-right font-medium tabular-nums">{changed ? is : '–'}</td>
                <td className={cn('px-3 py-2 text-right tabular-nums', (by.kind === 'LESS' || by.kind === 'NOW_ENDS') && 'text-success', (by.kind === 'MORE' || by.kind === 'NEVER_NOW') && 'text-danger')}>
                  {!changed ? '–' : 'by' in by ? t(`by.${by.kind}`, { value: format(by.by) }) : t(`by.${by.kind}`)}
                </td>
              </tr>
            ))}
            <tr>
              <th scope="row" className="px-3 py-2 text-left font-normal text-muted">{t('figures.chance')}</th>
              <td className="px-3 py-2 text-right tabular-nums max-sm:hidden">{chance(before.windowChance)}</td>
              <td className="px-3 py-2 text-right font-medium tabular-nums">{changed ? chance(after.windowChance) : '–'}</td>
              <td className="px-3 py-2 text-right tabular-nums">–</td>
            </tr>
          </tbody>
        </table>
      </div>
      {!after.enough && <p className="text-xs text-muted">{t('notEnough')}</p>}
      {after.bestWindow !== null && after.bestWindow.chance > 0 && <p className="text-sm">{t('bestWindow', { time: formats.dateTimeRange(after.bestWindow.fromMs, after.bestWindow.toMs), chance: formats.percent(after.bestWindow.chance) })}</p>}
      <Remedy forecast={after} />
    </div>
  )
}

/** Where it does not converge: with which throttle, or from which hour on, it would. */
export function Remedy({ forecast }: { forecast: WaveForecast }) {
  const t = useTranslations('estimate.remedy')
  const formats = useFormats()
  const { remedy } = forecast
  if (remedy === null || !forecast.enough) return null
  return (
    <Notice tone="warning" title={t('title', { share: formats.percent(forecast.convergesShare) })}>
      {remedy.throttleBytesPerSecond !== null && <p>{t('throttle', { rate: formats.rate(remedy.throttleBytesPerSecond) })}</p>}
      {remedy.startAtMs !== null && <p>{t('start', { time: formats.dateTime(remedy.startAtMs) })}</p>}
      {remedy.throttleBytesPerSecond === null && remedy.startAtMs === null && <p>{t('neither')}</p>}
    </Notice>
  )
}
