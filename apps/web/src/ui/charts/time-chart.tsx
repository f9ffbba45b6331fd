'use client'
import { useTranslations } from 'next-intl'
import { useReducedMotion } from './use-reduced-motion.ts'
import { Area, AreaChart, CartesianGrid, ComposedChart, Line, ReferenceArea, ResponsiveContainer, Tooltip, XAxis, YAxis } from 'recharts'
import { cn } from '../cn.ts'
import { useFormats } from '../format/use-formats.ts'
import { ChartTable } from './chart-table.tsx'
import { durationTicks, niceTicks } from './ticks.ts'

export type TimeSeries = { key: string; label: string; color: 1 | 2 | 3 | 4 }
/** One instant; a series without a value there leaves a gap. */
export type TimePoint = { atMs: number } & Readonly<Record<string, number | null>>
/** A stretch of which nothing is known. */
export type TimeGap = { readonly fromMs: number; readonly toMs: number }

export const tick = { fill: 'var(--muted)', fontSize: 11 }
export const tooltipStyle = { contentStyle: { background: 'var(--surface)', border: '1px solid var(--border)', borderRadius: 8, fontSize: 12, boxShadow: 'var(--shadow-raised)' }, labelStyle: { color: 'var(--muted)' }, itemStyle: { color: 'var(--foreground)', padding: 0 } }

/** Values over time, as lines, a range or stacked areas, with a legend and the same numbers as a table for who cannot see it. */
export function TimeChart({ label, points, series, format, stacked = false, binary = false, durations = false, band = false, gaps = [], height = 200, className }: {
  label: string
  points: readonly TimePoint[]
  series: readonly TimeSeries[]
  format: (value: number) => string
  stacked?: boolean
  /** The values are bytes: the axis counts in powers of 1,024. */
  binary?: boolean
  /** The values are seconds: the axis counts in minutes, hours and days. */
  durations?: boolean
  /** The first two series are the bounds of a range: what lies between them is filled. */
  band?: boolean
  /** Drawn as stretches without data. */
  gaps?: readonly TimeGap[]
  height?: number
  className?: string
}) {
  const t = useTranslations('ui.chart')
  const formats = useFormats()
  const still = useReducedMotion()
  const span = (points.at(-1)?.atMs ?? 0) - (points[0]?.atMs ?? 0)
  const instant = span < 600_000 ? formats.timeSeconds : span < 86_400_000 ? formats.time : formats.dateTime
  const data = [...points]
  const most = Math.max(0, ...points.map((point) => series.reduce((sum, { key }) => (stacked ? sum + (point[key] ?? 0) : Math.max(sum, point[key] ?? 0)), 0)))
  const ticks = durations ? durationTicks(most) : niceTicks(most, binary)
  const axes = [
    <CartesianGrid key="grid" vertical={false} stroke="var(--border)" />,
    <XAxis key="x" dataKey="atMs" type="number" scale="time" domain={['dataMin', 'dataMax']} tickFormatter={instant} tick={tick} tickLine={false} axisLine={false} minTickGap={56} />,
    <YAxis key="y" tickFormatter={format} tick={tick} tickLine={false} axisLine={false} width={76} ticks={ticks} domain={[0, ticks.at(-1) ?? 1]} />,
    <Tooltip key="tip" isAnimationActive={!still} cursor={{ stroke: 'var(--control)' }} labelFormatter={(value) => formats.dateTimeSeconds(Number(value))} formatter={(value) => format(Number(value))} {...tooltipStyle} />,
    ...gaps.map(({ fromMs, toMs }) => <ReferenceArea key={`gap ${fromMs}`} x1={fromMs} x2={toMs} fill="var(--muted)" fillOpacity={0.14} strokeOpacity={0} ifOverflow="hidden" />),
  ]
  const [low, high] = series
  const rowOf = (index: number) => {
    const point = points[index]
    return { label: point ? formats.dateTimeSeconds(point.atMs) : '', cells: series.map(({ key }) => (point?.[key] == null ? '–' : format(point[key]))) }
  }
  return (
    <figure className={cn('min-w-0', className)} aria-label={label}>
      <figcaption className="mb-2 flex flex-wrap gap-x-4 gap-y-1 text-xs text-muted">
        {series.map((one) => (
          <span key={one.key} className="inline-flex items-center gap-1.5"><span aria-hidden className="h-0.5 w-3 rounded" style={{ background: `var(--series-${one.color})` }} />{one.label}</span>
        ))}
        {gaps.length > 0 && <span className="inline-flex items-center gap-1.5"><span aria-hidden className="size-3 rounded-sm bg-muted opacity-25" />{t('gaps', { count: gaps.length })}</span>}
      </figcaption>
      <div aria-hidden style={{ height }}>
        {points.length < 2 ? <p className="grid h-full place-items-center text-xs text-muted">{t('noData')}</p> : (
          <ResponsiveContainer width="100%" height="100%">
            {stacked ? (
              <AreaChart data={data} margin={{ top: 6, right: 4, bottom: 0, left: 0 }} accessibilityLayer={false}>
                {axes}
                {series.map((one) => <Area key={one.key} dataKey={one.key} name={one.label} stackId="all" type="monotone" stroke={`var(--series-${one.color})`} fill={`var(--series-${one.color})`} fillOpacity={0.18} strokeWidth={1.75} isAnimationActive={false} />)}
              </AreaChart>
            ) : (
              <ComposedChart data={data} margin={{ top: 6, right: 4, bottom: 0, left: 0 }} accessibilityLayer={false}>
                {axes}
                {band && low && high && <Area dataKey={(point: TimePoint) => (point[low.key] === null || point[high.key] === null ? null : [point[low.key], point[high.key]])} type="monotone" stroke="none" fill={`var(--series-${low.color})`} fillOpacity={0.16} isAnimationActive={false} tooltipType="none" legendType="none" />}
                {series.map((one) => <Line key={one.key} dataKey={one.key} name={one.label} type="monotone" stroke={`var(--series-${one.color})`} strokeWidth={1.75} dot={false} isAnimationActive={false} />)}
              </ComposedChart>
            )}
          </ResponsiveContainer>
        )}
      </div>
      <ChartTable label={label} head={t('time')} columns={series.map((one) => one.label)} count={points.length} row={rowOf} />
    </figure>
  )
}
