'use client'
import { useTranslations } from 'next-intl'
import { useState } from 'react'
import { CapabilityList } from '@/features/hypervisor/components/capability-list.tsx'
import { HypervisorProblem } from '@/features/hypervisor/components/hypervisor-problem.tsx'
import { InstalledFilters } from '@/features/hypervisor/components/installed-filters.tsx'
import { Button } from '@/ui/button.tsx'
import { Dialog } from '@/ui/dialog.tsx'
import { useFormats } from '@/ui/format/use-formats.ts'
import { KeyValueList } from '@/ui/key-value.tsx'
import type { Agent } from './configure-page.tsx'
import { EnrolAgain } from './enrol-again.tsx'
import { RevokeAgent } from './revoke-agent.tsx'

/** One agent, and what works with its hypervisor: how far that was verified, and the IO filters on its clusters. */
export function AgentDetails({ agent, siteName, mine }: { agent: Agent; siteName: string; mine: boolean }) {
  const t = useTranslations('configure.agents')
  const { date, dateTime } = useFormats()
  const [open, setOpen] = useState(false)
  return (
    <Dialog reading className="max-w-2xl" open={open} onOpenChange={setOpen} title={agent.name} description={agent.hypervisor?.product ?? siteName} trigger={<Button size="sm" aria-label={t('detailsOf', { name: agent.name })}>{t('details')}</Button>} {...(mine ? { footer: <AgentActions agent={agent} /> } : {})}>
      <div className="flex flex-col gap-5">
        {agent.hypervisor !== null && <AboutHypervisor agent={agent} siteName={siteName} hypervisor={agent.hypervisor} />}
        <KeyValueList items={[
          { label: t('columns.version'), value: t('version', { version: agent.version, protocol: agent.protocol }) },
          { label: t('host'), value: agent.host },
          { label: t('enrolled'), value: date(agent.enrolledAt) },
          { label: t('certificate'), value: t(`trust.${agent.trust}`) },
          { label: t('certificateUntil'), value: agent.certificateExpiresAt === null ? t('notTold') : dateTime(agent.certificateExpiresAt) },
          ...(agent.revokedReason === null ? [] : [{ label: t('revokedBecause'), value: agent.revokedReason }]),
        ]} />
      </div>
    </Dialog>
  )
}

function AgentActions({ agent }: { agent: Agent }) {
  return (
    <>
      <EnrolAgain agent={agent} />
      {agent.trust !== 'REVOKED' && <RevokeAgent agent={agent} />}
    </>
  )
}

function AboutHypervisor({ agent, siteName, hypervisor }: { agent: Agent; siteName: string; hypervisor: NonNullable<Agent['hypervisor']> }) {
  const { kind, product, capabilities, filters, problem } = hypervisor
  // Of a hypervisor that is not theirs people do not learn whether there are any.
  const hasFilters = filters.length > 0 || (kind === 'VSPHERE' && product !== null)
  return (
    <>
      {agent.online && problem !== null && <HypervisorProblem side={agent.role} siteName={siteName} agentName={agent.name} problem={problem} />}
      <CapabilityList platform={kind} capabilities={capabilities} />
      {hasFilters && <InstalledFilters filters={filters} />}
    </>
  )
}
