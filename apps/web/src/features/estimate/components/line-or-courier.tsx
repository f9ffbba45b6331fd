'use client'
import { Cable, Truck } from 'lucide-react'
import type { LucideIcon } from 'lucide-react'
import { useTranslations } from 'next-intl'
import type { ReactNode } from 'react'
import { Card, CardBody } from '@/ui/card.tsx'
import { cn } from '@/ui/cn.ts'
import { useFormats } from '@/ui/format/use-formats.ts'
import { Pill } from '@/ui/pill.tsx'
import type { Reading } from './estimate-detail-page.tsx'

/** The two ways of a first copy side by side: over the line, or on a disk that is shipped. */
export function LineOrCourier({ reading }: { reading: Reading }) {
  const t = useTranslations('estimate.ways')
  const formats = useFormats()
  const { p50, p90 } = reading.total.replicationSeconds
  const lineWins = reading.faster === 'LINE'
  const difference = p90 === null ? null : Math.abs(reading.shippingSeconds - p90)
  return (
    <section aria-label={t('label')} className="grid gap-4 sm:grid-cols-2">
      <Way icon={Cable} title={t('line.title')} faster={lineWins} value={formats.durationRange(p50, p90)}>
        <p>{p90 === null ? t('line.never') : t('line.explained')}</p>
        {lineWins && difference !== null && <p className="font-medium text-foreground">{t('line.wins', { difference: formats.duration(difference) })}</p>}
      </Way>
      <Way icon={Truck} title={t('courier.title')} faster={!lineWins} value={formats.duration(reading.shippingSeconds)}>
        <p>{t('courier.explained')}</p>
        {!lineWins && <p className="font-medium text-foreground">{difference === null ? t('courier.winsAlways') : t('courier.wins', { difference: formats.duration(difference) })}</p>}
      </Way>
    </section>
  )
}

function Way({ icon: Icon, title, value, faster, children }: { icon: LucideIcon; title: string; value: string; faster: boolean; children: ReactNode }) {
  const t = useTranslations('estimate.ways')
  return (
    <Card className={cn(faster && 'border-accent ring-1 ring-accent')}>
      <CardBody className="flex flex-col gap-1.5">
        <h2 className="flex flex-wrap items-center gap-2 text-sm font-semibold"><Icon className="size-4 text-muted" aria-hidden />{title}{faster && <Pill tone="accent">{t('faster')}</Pill>}</h2>
        <p className="text-2xl font-semibold tracking-tight tabular-nums">{value}</p>
        <div className="flex flex-col gap-1 text-sm text-muted">{children}</div>
      </CardBody>
    </Card>
  )
}
