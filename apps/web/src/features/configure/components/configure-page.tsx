'use client'
import { isProviderRole } from '@driftless/domain'
import { useQuery } from '@tanstack/react-query'
import { useTranslations } from 'next-intl'
import { parseAsStringLiteral, useQueryState } from 'nuqs'
import { Loaded } from '@/client/loaded.tsx'
import { useTRPC } from '@/client/trpc.ts'
import type { Outputs } from '@/client/trpc.ts'
import { useMay, usePerson } from '@/features/session/components/person-context.tsx'
import { ApprovalsTab } from '@/features/approvals/components/approvals-tab.tsx'
import { PeopleTab } from '@/features/people/components/people-tab.tsx'
import { SignOnTab } from '@/features/sign-on/components/sign-on-tab.tsx'
import { WebhooksTab } from '@/features/webhooks/components/webhooks-tab.tsx'
import { PageHeader } from '@/ui/page-header.tsx'
import { Tabs, TabsContent, TabsList, TabsTrigger } from '@/ui/tabs.tsx'
import { AgentsTab } from './agents-tab.tsx'
import { CalendarsTab } from './calendars-tab.tsx'
import { DestinationsTab } from './destinations-tab.tsx'
import { LimitsTab } from './limits-tab.tsx'
import { ProviderTab } from './provider-tab.tsx'
import { SitesTab } from './sites-tab.tsx'

export type Site = Outputs['configure']['sites'][number]
export type Agent = Site['agents'][number]
const TABS = ['sites', 'agents', 'destinations', 'calendars', 'limits', 'people', 'approvals', 'signOn', 'webhooks', 'provider'] as const
const isTab = (value: string): value is (typeof TABS)[number] => TABS.some((tab) => tab === value)
/** An agent counts as away after 30 s; this shows it soon after. */
const REFRESH_MS = 5_000

/** Sites, agents, destinations, limits, people, approvals and webhooks; calendars for the provider's staff; sign-on and the provider's own look for its administrators. */
export function ConfigurePage() {
  const t = useTranslations('configure')
  const staff = isProviderRole(usePerson().role)
  const mayBrand = useMay('manage-provider')
  const mayConnect = useMay('manage-people')
  const [tab, setTab] = useQueryState('tab', parseAsStringLiteral(TABS).withDefault('sites'))
  const trpc = useTRPC()
  const sites = useQuery(trpc.configure.sites.queryOptions(undefined, { refetchInterval: REFRESH_MS }))
  const mayHook = useMay('manage-webhooks')
  const shown = TABS.filter((one) => (one !== 'provider' || mayBrand) && (one !== 'signOn' || mayConnect) && (one !== 'webhooks' || mayHook) && (one !== 'calendars' || staff))
  return (
    <>
      <PageHeader title={t('title')} description={t(staff ? 'leadStaff' : 'lead')} />
      <Tabs value={shown.includes(tab) ? tab : 'sites'} onValueChange={(next) => { if (isTab(next)) void setTab(next) }} className="flex flex-col gap-6">
        <TabsList aria-label={t('title')}>{shown.map((one) => <TabsTrigger key={one} value={one}>{t(`tabs.${one}`)}</TabsTrigger>)}</TabsList>
        <TabsContent value="sites"><Loaded query={sites}>{(rows) => <SitesTab sites={rows} staff={staff} />}</Loaded></TabsContent>
        <TabsContent value="agents"><Loaded query={sites}>{(rows) => <AgentsTab sites={rows} />}</Loaded></TabsContent>
        <TabsContent value="destinations"><DestinationsTab staff={staff} /></TabsContent>
        {staff && <TabsContent value="calendars"><CalendarsTab /></TabsContent>}
        <TabsContent value="limits"><Loaded query={sites}>{(rows) => <LimitsTab sites={rows} staff={staff} />}</Loaded></TabsContent>
        <TabsContent value="people"><PeopleTab /></TabsContent>
        <TabsContent value="approvals"><ApprovalsTab staff={staff} /></TabsContent>
        {mayConnect && <TabsContent value="signOn"><SignOnTab /></TabsContent>}
        {mayHook && <TabsContent value="webhooks"><WebhooksTab staff={staff} /></TabsContent>}
        {mayBrand && <TabsContent value="provider"><ProviderTab /></TabsContent>}
      </Tabs>
    </>
  )
}
