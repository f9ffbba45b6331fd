'use client'
import { HypervisorProblem } from '@/features/hypervisor/components/hypervisor-problem.tsx'
import type { Site } from './configure-page.tsx'

/** Agents that are there and cannot ask their hypervisor. What one said before it fell silent is no news of its hypervisor. */
export function AgentProblems({ sites }: { sites: readonly Site[] }) {
  const found = sites.flatMap((site) => site.agents.flatMap((agent) => (agent.online && agent.hypervisor?.problem ? [{ site, agent, problem: agent.hypervisor.problem }] : [])))
  return found.map(({ site, agent, problem }) => <HypervisorProblem key={agent.id} side={agent.role} siteName={site.name} agentName={agent.name} problem={problem} />)
}
