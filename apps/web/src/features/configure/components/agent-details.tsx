'use client'
import { useTranslations } from 'next-intl'
import { useState } from 'react'
import { CapabilityList } from '@/features/hypervisor/components/capability-list.tsx'
import { HypervisorProblem } from '@/features/hypervisor/components/hypervisor-problem.tsx'
import { InstalledFilters } from '@/features/hypervisor/components/installed-filters.tsx'
import { Button } from '@/ui/button.tsx'
import { Dialog } from '@/ui/dialog.tsx'
import type { Agent } from './configure-page.tsx'

/** What works with an agent's hypervisor, how far that was verified, and the IO filters on its clusters. */
export function AgentDetails({ agent }: { agent: Agent & { siteName: string } }) {
  const t = useTranslations('configure.agents')
  const [open, setOpen] = useState(false)
  const { hypervisor } = agent
  if (hypervisor === null) return null
  const { kind, capabilities, filters, problem } = hypervisor
  // Of a hypervisor that is not theirs people do not learn whether there are any.
  const hasFilters = filters.length > 0 || (kind === 'VSPHERE' && hypervisor.product !== null)
  return (
    <Dialog className="max-w-2xl" open={open} onOpenChange={setOpen} title={agent.name} description={hypervisor.product ?? agent.siteName} trigger={<Button size="sm" aria-label={t('detailsOf', { name: agent.name })}>{t('details')}</Button>}>
      <div className="flex flex-col gap-5">
        {agent.online && problem !== null && <HypervisorProblem side={agent.role} siteName={agent.siteName} agentName={agent.name} problem={problem} />}
        <CapabilityList platform={kind} capabilities={capabilities} />
        {hasFilters && <InstalledFilters filters={filters} />}
      </div>
    </Dialog>
  )
}
