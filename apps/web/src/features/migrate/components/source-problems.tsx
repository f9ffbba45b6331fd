'use client'
import { useQuery } from '@tanstack/react-query'
import { useTranslations } from 'next-intl'
import { useTRPC } from '@/client/trpc.ts'
import { HypervisorProblem } from '@/features/hypervisor/components/hypervisor-problem.tsx'

const REFRESH_MS = 5_000

/** Source agents that cannot ask their hypervisor: the inventory is as old as their last answer. */
export function SourceProblems() {
  const t = useTranslations('hypervisor.problem')
  const { data = [] } = useQuery(useTRPC().migrate.sources.queryOptions(undefined, { refetchInterval: REFRESH_MS }))
  return data.flatMap(({ agentId, problem, ...agent }) => (problem === null ? [] : [<HypervisorProblem key={agentId} side="SOURCE" {...agent} problem={problem}><p>{t('inventory')}</p></HypervisorProblem>]))
}
