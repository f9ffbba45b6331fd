'use client'
import { useTranslations } from 'next-intl'
import { useNames } from '@/features/hypervisor/components/use-names.ts'
import { Pill } from '@/ui/pill.tsx'
import type { Agent } from './configure-page.tsx'

/** What an agent's hypervisor calls itself, and what is wrong with it. */
export function AgentHypervisor({ agent: { hypervisor, online } }: { agent: Pick<Agent, 'hypervisor' | 'online'> }) {
  const t = useTranslations('hypervisor')
  const agents = useTranslations('configure.agents')
  const names = useNames()
  if (hypervisor === null) return <span className="text-muted">{agents('notTold')}</span>
  return (
    <div className="flex max-w-80 flex-col items-start gap-1 max-sm:items-end">
      <span className="break-words">{hypervisor.product ?? t(`kinds.${hypervisor.kind}`)}</span>
      {online && hypervisor.problem !== null && <Pill tone="danger" className="h-auto min-h-5.5 py-0.5 whitespace-normal">{names.problem(hypervisor.problem.code)}</Pill>}
    </div>
  )
}
