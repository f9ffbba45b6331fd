import type { ScopedTx } from '../scope.ts'
import { hypervisorOf } from './hypervisor-facts.ts'

/** As an installation of many sites shows them on one page. */
const MOST_AGENTS = 1_000

/** What the source agents of a scope say of their hypervisors, site by site; agents that have said nothing are left out. */
export async function listSourceHypervisors(tx: ScopedTx) {
  const rows = await tx.db.agent.findMany({ where: { role: 'SOURCE' }, orderBy: [{ siteId: 'asc' }, { name: 'asc' }], take: MOST_AGENTS, include: { site: { select: { name: true } } } })
  return rows.flatMap((agent) => {
    const hypervisor = hypervisorOf(agent.hypervisor)
    return hypervisor === null ? [] : [{ agentId: agent.id, agentName: agent.name, siteId: agent.siteId, siteName: agent.site.name, hypervisor }]
  })
}
export type SourceHypervisor = Awaited<ReturnType<typeof listSourceHypervisors>>[number]
