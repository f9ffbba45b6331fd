'use client'
import { useTranslations } from 'next-intl'
import { useNames } from '@/features/hypervisor/components/use-names.ts'
import type { Agent } from './configure-page.tsx'

/** What an agent's hypervisor calls itself, and what is wrong with it. */
export function AgentHypervisor({ agent: { hypervisor, online } }: { agent: Pick<Agent, 'hypervisor' | 'online'> }) {
  const t = useTranslations('hypervisor')
  const agents = useTranslations('configure.agents')
  const names = useNames()
  if (hypervisor === null) return <span className="text-muted">{agents('notTold')}</span>
  return (
    <div>
      <span className="block break-words">{hypervisor.product ?? t(`kinds.${hypervisor.kind}`)}</span>
      {online && hypervisor.problem !== null && <span className="block text-xs font-medium text-danger">{names.problem(hypervisor.problem.code)}</span>}
    </div>
  )
}
