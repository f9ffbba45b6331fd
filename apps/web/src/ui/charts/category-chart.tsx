'use client'
import { useTranslations } from 'next-intl'
import { Bar, BarChart, CartesianGrid, ResponsiveContainer, Tooltip, XAxis, YAxis } from 'recharts'
import { cn } from '../cn.ts'
import { ChartTable } from './chart-table.tsx'
import { niceTicks } from './ticks.ts'
import { tick, tooltipStyle } from './time-chart.tsx'
import type { TimeSeries } from './time-chart.tsx'
import { useReducedMotion } from './use-reduced-motion.ts'

/** One bar, or group of bars; null: not known. */
export type CategoryPoint = { label: string } & Readonly<Record<string, number | string | null>>

/** Values of a few named things side by side, as bars, with a legend where there are several series, and the same numbers as a table. `head`: what the names are. */
export function CategoryChart({ label, head, points, series, format, binary = false, height = 200, className }: {
  label: string
  head: string
  points: readonly CategoryPoint[]
  series: readonly TimeSeries[]
  format: (value: number) => string
  binary?: boolean
  height?: number
  className?: string
}) {
  const t = useTranslations('ui.chart')
  const still = useReducedMotion()
  const valueOf = (point: CategoryPoint | undefined, key: string) => (typeof point?.[key] === 'number' ? point[key] : null)
  const ticks = niceTicks(Math.max(0, ...points.flatMap((point) => series.map(({ key }) => valueOf(point, key) ?? 0))), binary)
  const known = points.some((point) => series.some(({ key }) => valueOf(point, key) !== null))
  return (
    <figure className={cn('min-w-0', className)} aria-label={label}>
      {series.length > 1 && (
        <figcaption className="mb-2 flex flex-wrap gap-x-4 gap-y-1 text-xs text-muted">
          {series.map((one) => <span key={one.key} className="inline-flex items-center gap-1.5"><span aria-hidden className="size-2.5 rounded-sm" style={{ background: `var(--series-${one.color})` }} />{one.label}</span>)}
        </figcaption>
      )}
      <div aria-hidden style={{ height }}>
        {!known ? <p className="grid h-full place-items-center text-xs text-muted">{t('noData')}</p> : (
          <ResponsiveContainer width="100%" height="100%">
            <BarChart data={[...points]} margin={{ top: 6, right: 4, bottom: 0, left: 0 }} accessibilityLayer={false}>
              <CartesianGrid vertical={false} stroke="var(--border)" />
              <XAxis dataKey="label" tick={tick} tickLine={false} axisLine={false} minTickGap={12} />
              <YAxis tickFormatter={format} tick={tick} tickLine={false} axisLine={false} width={76} ticks={ticks} domain={[0, ticks.at(-1) ?? 1]} />
              <Tooltip isAnimationActive={!still} cursor={{ fill: 'var(--sunken)' }} formatter={(value) => format(Number(value))} {...tooltipStyle} />
              {series.map((one) => <Bar key={one.key} dataKey={one.key} name={one.label} fill={`var(--series-${one.color})`} radius={[3, 3, 0, 0]} maxBarSize={36} isAnimationActive={false} />)}
            </BarChart>
          </ResponsiveContainer>
        )}
      </div>
      <ChartTable label={label} head={head} columns={series.map((one) => one.label)} count={points.length} row={(index) => ({ label: points[index]?.label ?? '', cells: series.map(({ key }) => { const value = valueOf(points[index], key); return value === null ? '–' : format(value) }) })} />
    </figure>
  )
}
