'use client'
import { useTranslations } from 'next-intl'
import Link from 'next/link'
import type { Outputs } from '@/client/trpc.ts'
import { useBitRate } from '@/features/configure/components/use-bit-rate.ts'
import { Button } from '@/ui/button.tsx'
import { Card, CardBody, CardHeader } from '@/ui/card.tsx'
import { CategoryChart } from '@/ui/charts/category-chart.tsx'
import { useFormats } from '@/ui/format/use-formats.ts'
import { KeyValueList } from '@/ui/key-value.tsx'
import { Pill } from '@/ui/pill.tsx'

const TONES = { MEASURED: 'success', PROBED: 'success', LIMIT: 'info', ASSUMED: 'warning' } as const
const HOURS = Array.from({ length: 24 }, (_, hour) => hour)

/** Which rate of the site's line the estimate counts with, at which hour, and how that is known. */
export function LinkRate({ reading: { link, siteName, input } }: { reading: Outputs['estimate']['read'] }) {
  const t = useTranslations('estimate.link')
  const rate = useBitRate()
  const { percent } = useFormats()
  return (
    <Card>
      <CardHeader title={t('title')} description={siteName} actions={<Pill tone={TONES[link.origin]}>{t(`origins.${link.origin}`)}</Pill>} />
      <CardBody className="flex flex-col gap-4">
        <KeyValueList items={[
          { label: t('p50'), value: rate(link.p50BytesPerSecond) },
          { label: t('p90'), value: rate(link.p90BytesPerSecond) },
          { label: t('limit'), value: link.limitBytesPerSecond === null ? t('noLimit') : rate(link.limitBytesPerSecond) },
          { label: t('target'), value: input.targetBytesPerSecond === undefined ? t('targetUnknown') : rate(input.targetBytesPerSecond) },
          { label: t('probes'), value: link.probeShare === 0 ? t('noProbes') : t('probesAtMost', { share: percent(link.probeShare, 2) }) },
        ]} />
        <p className="text-xs text-muted">{t(`explained.${link.origin}`, { count: link.intervals })}{link.probeShare === 0 && ` ${t('probesOff')}`}</p>
        {link.byHour.length > 0 && (
          <div>
            <h3 className="mb-2 text-xs font-medium text-muted">{t('byHour', { zone: link.timeZone })}</h3>
            <CategoryChart label={t('byHour', { zone: link.timeZone })} head={t('hour')} height={150} format={rate} series={[{ key: 'p50', label: t('hourP50'), color: 1 }, { key: 'p90', label: t('hourP90'), color: 2 }]}
              points={HOURS.map((hour) => { const known = link.byHour.find((one) => one.hour === hour); return { label: `${String(hour).padStart(2, '0')}:00`, p50: known?.p50BytesPerSecond ?? null, p90: known?.p90BytesPerSecond ?? null } })} />
          </div>
        )}
        <Button asChild size="sm" className="self-start"><Link href="/configure?tab=limits">{t('change')}</Link></Button>
      </CardBody>
    </Card>
  )
}
