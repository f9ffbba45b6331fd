'use client'
import { AGENT_AWAY_SECONDS, LOCK_LEAD_MS, LONGEST_WINDOW_MS, SHORTEST_WINDOW_MS } from '@driftless/domain'
import { useTranslations } from 'next-intl'
import { Card, CardBody, CardHeader } from '@/ui/card.tsx'
import { useFormats } from '@/ui/format/use-formats.ts'
import { KeyValueList } from '@/ui/key-value.tsx'
import type { Site } from './configure-page.tsx'
import { EditLimit } from './edit-limit.tsx'
import { useSiteRate } from './use-site-rate.ts'

/** What may be set, site by site, and what is fixed for everybody. */
export function LimitsTab({ sites, staff }: { sites: readonly Site[]; staff: boolean }) {
  const t = useTranslations('configure.limits')
  const formats = useFormats()
  const rate = useSiteRate()
  const sources = sites.filter((site) => site.kind === 'SOURCE')
  return (
    <div className="grid gap-4 lg:grid-cols-2">
      <Card>
        <CardHeader title={t('rates.title')} description={t('rates.description')} />
        <CardBody>
          {sources.length === 0 ? <p className="text-sm text-muted">{t('rates.none')}</p> : (
            <ul className="divide-y text-sm">
              {sources.map((site) => (
                <li key={site.id} className="flex flex-wrap items-center justify-between gap-x-4 gap-y-1 py-2 first:pt-0 last:pb-0">
                  <span className="min-w-0">{site.name}{staff && site.tenantName !== null && <span className="block text-xs text-muted">{site.tenantName}</span>}</span>
                  <span className="flex items-center gap-3"><span className="text-xs text-muted tabular-nums">{site.probeShare === 0 ? t('rates.noProbes') : t('rates.probes', { share: formats.percent(site.probeShare, 2) })}</span><span className="font-medium tabular-nums">{rate(site, t('rates.unlimited'))}</span>{site.mine && <EditLimit site={site} />}</span>
                </li>
              ))}
            </ul>
          )}
        </CardBody>
      </Card>
      <Card>
        <CardHeader title={t('fixed.title')} description={t('fixed.description')} />
        <CardBody>
          <KeyValueList items={[
            { label: t('fixed.shortest'), value: formats.duration(SHORTEST_WINDOW_MS / 1000) },
            { label: t('fixed.longest'), value: formats.duration(LONGEST_WINDOW_MS / 1000) },
            { label: t('fixed.lock'), value: formats.duration(LOCK_LEAD_MS / 1000) },
            { label: t('fixed.lockout'), value: t('fixed.lockoutValue') },
            { label: t('fixed.away'), value: formats.duration(AGENT_AWAY_SECONDS) },
          ]} />
        </CardBody>
      </Card>
    </div>
  )
}
