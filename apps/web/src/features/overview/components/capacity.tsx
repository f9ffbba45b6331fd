'use client'
import { useTranslations } from 'next-intl'
import { Card, CardBody, CardHeader } from '@/ui/card.tsx'
import { useFormats } from '@/ui/format/use-formats.ts'
import { Progress } from '@/ui/progress.tsx'
import type { Overview } from './overview-page.tsx'

/** From here on a new wave may not fit. */
const TIGHT_SHARE = 0.85

/** Room for replicas at each target site. */
export function Capacity({ sites }: { sites: Overview['capacity'] }) {
  const t = useTranslations('overview.capacity')
  const formats = useFormats()
  return (
    <Card>
      <CardHeader title={t('title')} />
      <CardBody>
        {sites.length === 0 ? <p className="text-sm text-muted">{t('none')}</p> : (
          <ul className="flex flex-col gap-4 text-sm">
            {sites.map((site) => {
              const known = site.freeBytes !== null && site.totalBytes !== null && site.totalBytes > 0
              const used = known ? 1 - (site.freeBytes ?? 0) / (site.totalBytes ?? 1) : 0
              return (
                <li key={site.id} className="flex flex-col gap-1.5">
                  <div className="flex flex-wrap justify-between gap-2"><span className="font-medium">{site.name}</span><span className="text-muted tabular-nums">{known ? t('free', { free: formats.bytes(site.freeBytes ?? 0), total: formats.bytes(site.totalBytes ?? 0) }) : t(site.agents === 0 ? 'noAgent' : 'unknown')}</span></div>
                  {known && <Progress label={t('used', { site: site.name })} valueText={formats.percent(used)} total={1} segments={[{ value: used, className: used > TIGHT_SHARE ? 'bg-danger' : 'bg-accent', label: formats.percent(used) }]} />}
                </li>
              )
            })}
          </ul>
        )}
      </CardBody>
    </Card>
  )
}
