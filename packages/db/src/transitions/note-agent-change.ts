import { audit } from '../audit.ts'
import type { ScopedTx } from '../scope.ts'

type ChangedAgent = { readonly id: string; readonly name: string; readonly providerId: string; readonly tenantId: string | null }

/** Writes down that an agent is another version than before, or is reached for replication elsewhere; in the agent's own name. */
export async function noteAgentChange(tx: ScopedTx, agent: ChangedAgent, what: 'version' | 'address', before: string, after: string): Promise<void> {
  const asAgent: ScopedTx = { ...tx, actor: { kind: 'AGENT', id: agent.id, name: agent.name, address: tx.actor.address ?? null } }
  const subject = { ...agent, kind: 'agent' } as const
  if (what === 'version') await audit(asAgent, 'agent.version', subject, { before, after })
  else await audit(asAgent, 'agent.stream-address', subject, { before, after })
}
