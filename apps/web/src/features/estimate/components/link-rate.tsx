'use client'
import { useTranslations } from 'next-intl'
import Link from 'next/link'
import type { Outputs } from '@/client/trpc.ts'
import { useBitRate } from '@/features/configure/components/use-bit-rate.ts'
import { Button } from '@/ui/button.tsx'
import { Card, CardBody, CardHeader } from '@/ui/card.tsx'
import { KeyValueList } from '@/ui/key-value.tsx'
import { Pill } from '@/ui/pill.tsx'

const TONES = { MEASURED: 'success', LIMIT: 'info', ASSUMED: 'warning' } as const

/** Which rate of the site's line the estimate counts with, and how that rate is known. */
export function LinkRate({ link, siteName }: { link: Outputs['estimate']['read']['link']; siteName: string }) {
  const t = useTranslations('estimate.link')
  const rate = useBitRate()
  return (
    <Card>
      <CardHeader title={t('title')} description={siteName} actions={<Pill tone={TONES[link.origin]}>{t(`origins.${link.origin}`)}</Pill>} />
      <CardBody className="flex flex-col gap-4">
        <KeyValueList items={[
          { label: t('p50'), value: rate(link.p50BytesPerSecond) },
          { label: t('p90'), value: rate(link.p90BytesPerSecond) },
          { label: t('limit'), value: link.limitBytesPerSecond === null ? t('noLimit') : rate(link.limitBytesPerSecond) },
        ]} />
        <p className="text-xs text-muted">{t(`explained.${link.origin}`, { count: link.intervals })}</p>
        <Button asChild size="sm" className="self-start"><Link href="/configure?tab=limits">{t('change')}</Link></Button>
      </CardBody>
    </Card>
  )
}
