'use client'
import { useTranslations } from 'next-intl'
import { CartesianGrid, Line, LineChart, ReferenceLine, ResponsiveContainer, Tooltip, XAxis, YAxis } from 'recharts'
import { useBitRate } from '@/features/configure/components/use-bit-rate.ts'
import { ChartTable } from '@/ui/charts/chart-table.tsx'
import { niceTicks } from '@/ui/charts/ticks.ts'
import { useReducedMotion } from '@/ui/charts/use-reduced-motion.ts'
import { useFormats } from '@/ui/format/use-formats.ts'
import type { Ways } from './wire-or-disk.tsx'

const DAY_SECONDS = 86_400
const tick = { fill: 'var(--muted)', fontSize: 11 }
/** The curve over the slowest lines would flatten all else: what takes longer than this many times the lorry is cut off. */
const MOST_TIMES = 4

/** All by wire and all by device over how fast the line is; where they cross, and the line as it is; the same numbers as a table for who cannot see it. */
export function BreakEvenChart({ ways }: { ways: Ways }) {
  const t = useTranslations('shipments.ways.chart')
  const { number, duration } = useFormats()
  const rate = useBitRate()
  const still = useReducedMotion()
  const most = MOST_TIMES * Math.max(ways.shippingDays, ...ways.byLine.flatMap(({ diskSeconds }) => (diskSeconds === null ? [] : [Math.min(diskSeconds / DAY_SECONDS, 2 * ways.shippingDays)])))
  const inDays = (seconds: number | null) => (seconds === null || seconds / DAY_SECONDS > most ? null : seconds / DAY_SECONDS)
  const data = ways.byLine.map(({ bytesPerSecond, wireSeconds, diskSeconds }) => ({ bytesPerSecond, wire: inDays(wireSeconds), disk: inDays(diskSeconds) }))
  const ticks = niceTicks(Math.max(1, ...data.flatMap(({ wire, disk }) => [wire ?? 0, disk ?? 0])), false)
  const days = (value: number) => t('days', { days: number(value, value < 10 ? 1 : 0) })
  return (
    <figure className="min-w-0" aria-label={t('label')}>
      <figcaption className="mb-2 flex flex-wrap gap-x-4 gap-y-1 text-xs text-muted">
        {([['wire', 1], ['disk', 3]] as const).map(([key, color]) => <span key={key} className="inline-flex items-center gap-1.5"><span aria-hidden className="h-0.5 w-3 rounded" style={{ background: `var(--series-${color})` }} />{t(key)}</span>)}
        <span>{ways.breakEvenBytesPerSecond === null ? t('never') : t('breakEven', { rate: rate(ways.breakEvenBytesPerSecond) })}</span>
        <span className="basis-full">{t('axes')}</span>
      </figcaption>
      <div aria-hidden style={{ height: 190 }}>
        <ResponsiveContainer width="100%" height="100%">
          <LineChart data={data} margin={{ top: 16, right: 8, bottom: 0, left: 0 }} accessibilityLayer={false}>
            <CartesianGrid vertical={false} stroke="var(--border)" />
            <XAxis dataKey="bytesPerSecond" type="number" scale="log" domain={['dataMin', 'dataMax']} tickFormatter={rate} tick={tick} tickLine={false} axisLine={false} minTickGap={48} />
            <YAxis tickFormatter={days} tick={tick} tickLine={false} axisLine={false} width={64} ticks={ticks} domain={[0, ticks.at(-1) ?? 1]} />
            <Tooltip isAnimationActive={!still} cursor={{ stroke: 'var(--control)' }} labelFormatter={(value) => rate(Number(value))} formatter={(value) => days(Number(value))} contentStyle={{ background: 'var(--surface)', border: '1px solid var(--border)', borderRadius: 8, fontSize: 12 }} labelStyle={{ color: 'var(--muted)' }} itemStyle={{ color: 'var(--foreground)', padding: 0 }} />
            <ReferenceLine x={ways.link.p50BytesPerSecond} stroke="var(--control)" strokeDasharray="4 3" label={{ value: t('yourLine'), fill: 'var(--muted)', fontSize: 11, position: 'insideTopRight' }} />
            <Line dataKey="wire" name={t('wire')} type="monotone" stroke="var(--series-1)" strokeWidth={1.75} dot={false} isAnimationActive={false} />
            <Line dataKey="disk" name={t('disk')} type="monotone" stroke="var(--series-3)" strokeWidth={1.75} dot={false} isAnimationActive={false} />
          </LineChart>
        </ResponsiveContainer>
      </div>
      <ChartTable
        label={t('label')} head={t('line')} columns={[t('wire'), t('disk')]} count={ways.byLine.length}
        row={(index) => {
          const at = ways.byLine[index]
          return { label: at ? rate(at.bytesPerSecond) : '', cells: [at?.wireSeconds, at?.diskSeconds].map((seconds) => (seconds == null ? '–' : duration(seconds))) }
        }}
      />
    </figure>
  )
}
