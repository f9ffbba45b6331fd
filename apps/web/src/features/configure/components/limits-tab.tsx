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
  return (
    <div className="grid gap-4 lg:grid-cols-2">
      <Lines title={t('rates.title')} description={t('rates.description')} none={t('rates.unlimited')} sites={sites.filter((site) => site.kind === 'SOURCE')} staff={staff} empty={t('rates.none')} />
      {staff && <Lines title={t('targets.title')} description={t('targets.description')} explained={t('targets.explained')} none={t('targets.unlimited')} sites={sites.filter((site) => site.kind === 'TARGET')} staff={staff} />}
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

type LinesProps = { title: string; description: string; explained?: string; none: string; empty?: string; sites: readonly Site[]; staff: boolean }

/** The lines of sites of one kind; what is not limited, or not told, is `none`. */
function Lines({ title, description, explained, none, empty, sites, staff }: LinesProps) {
  const t = useTranslations('configure.limits.rates')
  const { percent } = useFormats()
  const rate = useSiteRate()
  return (
    <Card>
      <CardHeader title={title} description={description} />
      <CardBody className="flex flex-col gap-3">
        {sites.length === 0 && empty !== undefined && <p className="text-sm text-muted">{empty}</p>}
        {sites.length > 0 && (
          <ul className="divide-y text-sm">
            {sites.map((site) => (
              <li key={site.id} className="flex flex-wrap items-center justify-between gap-x-4 gap-y-1 py-2 first:pt-0 last:pb-0">
                <span className="min-w-0">{site.name}{staff && site.tenantName !== null && <span className="block text-xs text-muted">{site.tenantName}</span>}</span>
                <span className="flex items-center gap-3">
                  {site.kind === 'SOURCE' && <span className="text-xs text-muted tabular-nums">{site.probeShare === 0 ? t('noProbes') : t('probes', { share: percent(site.probeShare, 2) })}</span>}
                  <span className="font-medium tabular-nums">{rate(site, none)}</span>{site.mine && <EditLimit site={site} />}
                </span>
              </li>
            ))}
          </ul>
        )}
        {explained !== undefined && <p className="text-xs text-muted">{explained}</p>}
      </CardBody>
    </Card>
  )
}
