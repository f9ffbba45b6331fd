'use client'
import { useTranslations } from 'next-intl'
import { useState } from 'react'
import { useFormats } from '../format/use-formats.ts'
import type { TimePoint, TimeSeries } from './time-chart.tsx'

/** More rows than this nobody reads; every n-th point is listed. */
const MOST_ROWS = 60

/** The chart's numbers as a table, folded away. */
export function ChartTable({ label, points, series, format }: {
  label: string
  points: readonly TimePoint[]
  series: readonly TimeSeries[]
  format: (value: number) => string
}) {
  const t = useTranslations('ui.chart')
  const formats = useFormats()
  const [open, setOpen] = useState(false)
  const step = Math.max(1, Math.ceil(points.length / MOST_ROWS))
  return (
    <details className="mt-2 text-xs" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary className="w-fit rounded text-muted hover:text-foreground">{t('asTable')}</summary>
      {open && (
        <div className="mt-2 max-h-64 overflow-auto rounded-md border" tabIndex={0} role="region" aria-label={label}>
          <table className="w-full">
            <caption className="sr-only">{label}</caption>
            <thead>
              <tr>
                <th scope="col" className="px-3 py-1.5 text-left font-medium">{t('time')}</th>
                {series.map((one) => <th key={one.key} scope="col" className="px-3 py-1.5 text-right font-medium">{one.label}</th>)}
              </tr>
            </thead>
            <tbody>
              {points.filter((_, index) => index % step === 0).map((point) => (
                <tr key={point.atMs} className="border-t">
                  <td className="px-3 py-1 whitespace-nowrap">{formats.dateTimeSeconds(point.atMs)}</td>
                  {series.map((one) => {
                    const value = point[one.key]
                    return <td key={one.key} className="px-3 py-1 text-right tabular-nums">{value === null || value === undefined ? '–' : format(value)}</td>
                  })}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </details>
  )
}
