'use client'
import { useTranslations } from 'next-intl'
import type { Outputs } from '@/client/trpc.ts'
import { Card, CardBody, CardHeader } from '@/ui/card.tsx'
import { TimeChart } from '@/ui/charts/time-chart.tsx'
import { useFormats } from '@/ui/format/use-formats.ts'

/** Throughput by kind, backlog, lag, the guests' writes and what they wait for them. */
export function Charts({ points, bucketSeconds }: { points: Outputs['statistics']['read']['points']; bucketSeconds: number }) {
  const t = useTranslations('statistics.charts')
  const { bytes, rate, duration, milliseconds } = useFormats()
  const one = [
    { key: 'backlog', series: [{ key: 'backlogBytes', label: t('backlog'), color: 3 }], format: bytes, binary: true },
    { key: 'lag', series: [{ key: 'lagSeconds', label: t('lag'), color: 4 }], format: duration, binary: false },
    { key: 'latency', series: [{ key: 'guestWriteLatencyMs', label: t('latency'), color: 3 }], format: milliseconds, binary: false },
    { key: 'written', series: [{ key: 'guestWriteBytesPerSecond', label: t('written'), color: 2 }], format: rate, binary: true },
  ] as const
  return (
    <div className="grid gap-6 lg:grid-cols-2">
      <Card className="lg:col-span-2">
        <CardHeader title={t('throughput')} description={`${t('throughputHelp')} · ${t('bucket', { duration: duration(bucketSeconds) })}`} />
        <CardBody><TimeChart height={260} stacked binary label={t('throughput')} points={points} format={rate} series={[{ key: 'backgroundBytesPerSecond', label: t('background'), color: 1 }, { key: 'foregroundBytesPerSecond', label: t('foreground'), color: 2 }]} /></CardBody>
      </Card>
      {one.map(({ key, series, format, binary }) => (
        <Card key={key}>
          <CardHeader title={t(key)} description={t(`${key}Help`)} />
          <CardBody><TimeChart label={t(key)} points={points} format={format} binary={binary} series={series} /></CardBody>
        </Card>
      ))}
    </div>
  )
}
