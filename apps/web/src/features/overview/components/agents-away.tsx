'use client'
import { useTranslations } from 'next-intl'
import { AgentPresence } from '@/features/configure/components/agent-presence.tsx'
import { Card, CardBody, CardHeader } from '@/ui/card.tsx'
import type { Overview } from './overview-page.tsx'

/** Agents that have not been heard of, the longest away first. */
export function AgentsAway({ agents }: { agents: Overview['agentsAway'] }) {
  const t = useTranslations('overview.agents')
  return (
    <Card>
      <CardHeader title={t('title')} />
      <CardBody>
        {agents.length === 0 ? <p className="text-sm text-muted">{t('none')}</p> : (
          <ul className="divide-y text-sm">
            {agents.map((agent) => (
              <li key={agent.id} className="flex items-start justify-between gap-3 py-2 first:pt-0 last:pb-0">
                <div className="min-w-0"><p className="font-medium break-words">{agent.name}</p><p className="text-xs text-muted">{agent.tenantName === null ? agent.siteName : `${agent.tenantName} · ${agent.siteName}`}</p></div>
                <AgentPresence agent={{ online: false, lastContactAt: agent.lastContactAt }} />
              </li>
            ))}
          </ul>
        )}
      </CardBody>
    </Card>
  )
}
