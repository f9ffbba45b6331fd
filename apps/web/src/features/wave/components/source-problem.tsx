'use client'
import { MIGRATION_ENDED } from '@driftless/domain'
import { HypervisorProblem } from '@/features/hypervisor/components/hypervisor-problem.tsx'
import type { Wave } from '../wave-types.ts'

/** That the source's agent cannot ask its hypervisor: the VMs of the wave wait for that. */
export function SourceProblem({ wave: { source, siteName, migrations } }: { wave: Wave }) {
  if (source === null || source.problem === null || migrations.every(({ status }) => MIGRATION_ENDED.includes(status))) return null
  return <HypervisorProblem side="SOURCE" siteName={siteName} agentName={source.agentName} problem={source.problem} />
}
