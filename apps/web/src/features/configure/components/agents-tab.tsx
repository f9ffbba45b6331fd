'use client'
import { Radio } from 'lucide-react'
import { useTranslations } from 'next-intl'
import { Card, CardHeader } from '@/ui/card.tsx'
import { EmptyState } from '@/ui/empty-state.tsx'
import { useFormats } from '@/ui/format/use-formats.ts'
import { RelativeTime } from '@/ui/relative-time.tsx'
import { DataTable } from '@/ui/table/data-table.tsx'
import type { DataColumn } from '@/ui/table/data-table.tsx'
import { AgentDetails } from './agent-details.tsx'
import { AgentHypervisor } from './agent-hypervisor.tsx'
import { AgentPresence } from './agent-presence.tsx'
import { AgentProblems } from './agent-problems.tsx'
import { AgentTrustNotices } from './agent-trust-notices.tsx'
import type { Agent, Site } from './configure-page.tsx'
import { EnrolAgent } from './enrol-agent.tsx'

type Row = Agent & { siteName: string; mine: boolean }

/** Every agent with its version, its last contact and its hypervisor. */
export function AgentsTab({ sites }: { sites: readonly Site[] }) {
  const t = useTranslations('configure.agents')
  const formats = useFormats()
  const rows = sites.flatMap((site) => site.agents.map((agent): Row => ({ ...agent, siteName: site.name, mine: site.mine })))
  const mine = sites.filter((site) => site.mine)
  const enrol = mine.length > 0 && <EnrolAgent sites={mine} primary />
  const columns: DataColumn<Row>[] = [
    { id: 'name', header: t('columns.name'), value: (row) => row.name, cell: (row) => <div><span className="font-medium">{row.name}</span><p className="text-xs text-muted md:hidden">{row.siteName}</p></div> },
    { id: 'presence', header: t('columns.presence'), value: (row) => (row.online ? 0 : 1), cell: (row) => <AgentPresence agent={row} />, searchable: false },
    { id: 'site', header: t('columns.site'), value: (row) => row.siteName, hideBelow: 'md' },
    { id: 'role', header: t('columns.role'), value: (row) => t(`roles.${row.role}`), hideBelow: 'lg' },
    { id: 'hypervisor', header: t('columns.hypervisor'), value: (row) => row.hypervisor?.product ?? '', cell: (row) => <div className="max-w-72 max-sm:text-right"><AgentHypervisor agent={row} /></div> },
    { id: 'version', header: t('columns.version'), value: (row) => row.version, hideBelow: 'sm' },
    { id: 'contact', header: t('columns.contact'), value: (row) => row.lastContactAt?.getTime() ?? 0, cell: (row) => (row.lastContactAt === null ? '–' : <RelativeTime at={row.lastContactAt} />), searchable: false },
    { id: 'free', header: t('columns.free'), value: (row) => row.freeBytes, cell: (row) => (row.freeBytes === null || row.totalBytes === null ? '–' : t('freeOf', { free: formats.bytes(row.freeBytes), total: formats.bytes(row.totalBytes) })), align: 'end', hideBelow: 'lg', searchable: false },
    { id: 'details', header: t('columns.details'), cell: (row) => <AgentDetails agent={row} siteName={row.siteName} mine={row.mine} />, align: 'end', searchable: false },
  ]
  return (
    <div className="flex flex-col gap-4">
      <AgentTrustNotices sites={sites} />
      <AgentProblems sites={sites} />
      <Card>
        <CardHeader title={t('title')} description={t('description')} actions={rows.length > 0 && enrol} className="pb-3" />
        <DataTable label={t('title')} rows={rows} columns={columns} rowId={(row) => row.id} search={rows.length > 8} empty={<EmptyState icon={Radio} title={t('empty.title')} description={t(mine.length > 0 ? 'empty.description' : 'empty.other')} action={enrol} />} />
      </Card>
    </div>
  )
}
