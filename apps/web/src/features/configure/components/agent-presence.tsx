'use client'
import { useTranslations } from 'next-intl'
import { Pill } from '@/ui/pill.tsx'
import { RelativeTime } from '@/ui/relative-time.tsx'
import type { Agent } from './configure-page.tsx'

/** Whether an agent is there, and since when not. */
export function AgentPresence({ agent }: { agent: Pick<Agent, 'online' | 'lastContactAt'> }) {
  const t = useTranslations('configure.agents')
  if (agent.online) return <Pill tone="success">{t('online')}</Pill>
  if (agent.lastContactAt === null) return <Pill tone="neutral">{t('never')}</Pill>
  return <Pill tone="danger">{t('away')} <RelativeTime at={agent.lastContactAt} /></Pill>
}
