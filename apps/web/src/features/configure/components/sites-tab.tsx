'use client'
import { useQuery } from '@tanstack/react-query'
import { Building2, Cloud, MapPin } from 'lucide-react'
import { useTranslations } from 'next-intl'
import { useTRPC } from '@/client/trpc.ts'
import { PublishedErrorLine } from '@/features/estimate/components/published-error.tsx'
import type { SiteError } from '@/features/estimate/components/published-error.tsx'
import { Card, CardBody, CardHeader } from '@/ui/card.tsx'
import { EmptyState } from '@/ui/empty-state.tsx'
import { useFormats } from '@/ui/format/use-formats.ts'
import { KeyValueList } from '@/ui/key-value.tsx'
import { Pill } from '@/ui/pill.tsx'
import { AgentHypervisor } from './agent-hypervisor.tsx'
import { AgentPresence } from './agent-presence.tsx'
import type { Site } from './configure-page.tsx'
import { EnrolAgent } from './enrol-agent.tsx'
import { EditLimit } from './edit-limit.tsx'
import { useSiteRate } from './use-site-rate.ts'

/** The sites that a person sees, each with its agents and its line. */
export function SitesTab({ sites, staff }: { sites: readonly Site[]; staff: boolean }) {
  const t = useTranslations('configure.sites')
  const errors = useQuery(useTRPC().estimate.errors.queryOptions())
  const errorOf = (site: Site) => errors.data?.find(({ siteId }) => siteId === site.id) ?? null
  if (sites.length === 0) return <Card><EmptyState icon={MapPin} title={t('empty.title')} description={t('empty.description')} /></Card>
  return <ul className="grid gap-4 lg:grid-cols-2">{sites.map((site) => <li key={site.id} className="min-w-0"><SiteCard site={site} staff={staff} error={errorOf(site)} /></li>)}</ul>
}

function SiteCard({ site, staff, error }: { site: Site; staff: boolean; error: SiteError | null }) {
  const t = useTranslations('configure.sites')
  const formats = useFormats()
  const rate = useSiteRate()
  const source = site.kind === 'SOURCE'
  const told = site.agents.filter((agent) => agent.freeBytes !== null)
  const free = told.reduce((sum, agent) => sum + (agent.freeBytes ?? 0), 0)
  const items = [
    ...(staff && site.tenantName !== null ? [{ label: t('customer'), value: site.tenantName }] : []),
    ...(source ? [{ label: t('vms'), value: formats.number(site.vms) }] : []),
    ...(source ? [{ label: t('limit'), value: rate(site, t('noLimit')) }] : staff ? [{ label: t('takesIn'), value: rate(site, t('takesInUnknown')) }] : []),
    ...(!source && told.length > 0 ? [{ label: t('free'), value: formats.bytes(free) }] : []),
    ...(site.mine && site.openTokens > 0 ? [{ label: t('openTokens'), value: formats.number(site.openTokens) }] : []),
  ]
  return (
    <Card className="flex h-full flex-col">
      <CardHeader
        title={<span className="inline-flex items-center gap-2">{source ? <Building2 className="size-4 text-muted" aria-hidden /> : <Cloud className="size-4 text-muted" aria-hidden />}{site.name}</span>}
        actions={<Pill tone={source ? 'neutral' : 'accent'}>{t(`kinds.${site.kind}`)}</Pill>}
      />
      <CardBody className="flex flex-1 flex-col gap-4">
        {items.length > 0 && <KeyValueList items={items} />}
        {site.agents.length === 0 ? <p className="text-sm text-muted">{t(site.mine ? 'noAgents' : 'noAgentsOther')}</p> : (
          <div>
            <h3 className="mb-1.5 text-xs font-medium text-muted">{t('agents')}</h3>
            <ul className="flex flex-col gap-2 text-sm">
              {site.agents.map((agent) => <li key={agent.id} className="flex flex-wrap items-start justify-between gap-2"><div className="min-w-0"><span className="font-medium">{agent.name}</span><div className="text-xs text-muted"><AgentHypervisor agent={agent} /></div></div><AgentPresence agent={agent} /></li>)}
            </ul>
          </div>
        )}
        {source && error !== null && <div><h3 className="mb-1 text-xs font-medium text-muted">{t('estimates')}</h3><PublishedErrorLine error={error} /></div>}
        {site.mine && <div className="mt-auto flex flex-wrap gap-2"><EnrolAgent site={site} /><EditLimit site={site} /></div>}
      </CardBody>
    </Card>
  )
}
