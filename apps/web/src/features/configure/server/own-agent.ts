import 'server-only'
import type { ScopedTx } from '@driftless/db'
import { DomainError } from '@driftless/domain'
import type { Person } from '@/server/person.ts'
import { ownSite } from './own-site.ts'

/** The agent, when its site is the person's to manage: AGENT_UNKNOWN, FORBIDDEN. */
export async function ownAgent(tx: ScopedTx, agentId: string, person: Person): Promise<{ id: string; name: string; siteName: string }> {
  const agent = await tx.db.agent.findUnique({ where: { id: agentId }, select: { id: true, name: true, siteId: true } })
  if (!agent) throw new DomainError('AGENT_UNKNOWN', 'There is no such agent.')
  const site = await ownSite(tx, agent.siteId, person)
  return { id: agent.id, name: agent.name, siteName: site.name }
}
