'use client'
import { ownerOf } from '@driftless/domain'
import { useTranslations } from 'next-intl'
import { useNames } from '@/features/hypervisor/components/use-names.ts'
import { Card, CardBody, CardHeader } from '@/ui/card.tsx'
import type { Overview } from './overview-page.tsx'

/** Agents that are there and cannot ask their hypervisor, each with who must act; nothing where all can. */
export function LockedOut({ agents }: { agents: Overview['lockedOut'] }) {
  const t = useTranslations('overview.lockedOut')
  const problems = useTranslations('hypervisor.problem')
  const owners = useTranslations('states.owner')
  const names = useNames()
  if (agents.length === 0) return null
  return (
    <Card>
      <CardHeader title={t('title')} />
      <CardBody>
        <ul className="divide-y text-sm">
          {agents.map((agent) => (
            <li key={agent.id} className="py-2 first:pt-0 last:pb-0">
              <p className="font-medium text-danger">{names.problem(agent.problem.code)}</p>
              <p className="text-xs text-muted">{[agent.tenantName, agent.siteName, agent.name].filter((part) => part !== null).join(' · ')}</p>
              <p className="mt-1 text-xs break-words">{agent.problem.message}</p>
              <p className="mt-1 text-xs font-medium">{problems('owner', { owner: owners(ownerOf(`${agent.role}_HYPERVISOR_PROBLEM`)) })}</p>
            </li>
          ))}
        </ul>
      </CardBody>
    </Card>
  )
}
