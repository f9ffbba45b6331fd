import { isInContact } from '@driftless/domain'
import type { ScopedTx } from '../scope.ts'
import { hypervisorOf } from './hypervisor-facts.ts'

/** As an installation of many sites shows them on one page. */
const MOST_AGENTS = 1_000

/** What the source agents of a scope say of their hypervisors, site by site; a problem counts while its agent is there. */
export async function listSourceHypervisors(tx: ScopedTx, now: Date) {
  const rows = await tx.db.agent.findMany({ where: { role: 'SOURCE' }, orderBy: [{ siteId: 'asc' }, { name: 'asc' }], take: MOST_AGENTS, include: { site: { select: { name: true } } } })
  return rows.flatMap((agent) => {
    const hypervisor = hypervisorOf(agent.hypervisor)
    return hypervisor === null ? [] : [{ agentId: agent.id, agentName: agent.name, siteId: agent.siteId, siteName: agent.site.name, hypervisor: isInContact(agent.lastContactAt, now) ? hypervisor : { ...hypervisor, problem: null } }]
  })
}
export type SourceHypervisor = Awaited<ReturnType<typeof listSourceHypervisors>>[number]
