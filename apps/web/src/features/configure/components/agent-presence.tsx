'use client'
import { useTranslations } from 'next-intl'
import { Pill } from '@/ui/pill.tsx'
import { RelativeTime } from '@/ui/relative-time.tsx'
import type { Agent } from './configure-page.tsx'

/** Whether an agent is there, and since when not; before all else whether it is trusted. */
export function AgentPresence({ agent: { trust = 'ACTIVE', ...agent } }: { agent: Pick<Agent, 'online' | 'lastContactAt'> & Partial<Pick<Agent, 'trust'>> }) {
  const t = useTranslations('configure.agents')
  if (trust === 'ENDS_SOON' && agent.online) return <Pill tone="warning">{t('trust.ENDS_SOON')}</Pill>
  if (trust !== 'ACTIVE' && trust !== 'ENDS_SOON') return <Pill tone="danger">{t(`trust.${trust}`)}</Pill>
  if (agent.online) return <Pill tone="success">{t('online')}</Pill>
  if (agent.lastContactAt === null) return <Pill tone="neutral">{t('never')}</Pill>
  return <Pill tone="danger">{t('away')} <RelativeTime at={agent.lastContactAt} /></Pill>
}
