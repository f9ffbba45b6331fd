import { DomainError } from '@driftless/domain'
import { audit } from '../audit.ts'
import { databaseNow } from '../queries/clock.ts'
import type { ScopedTx } from '../scope.ts'

/**
 * Trusts an agent no more: gateways cut it off and its partners end their streams with it, within seconds. Only enrolling again
 * gives it back its trust. AGENT_UNKNOWN, AGENT_REVOKED (it is already), REASON_MISSING.
 */
export async function revokeAgent(tx: ScopedTx, agentId: string, reason: string): Promise<void> {
  const why = reason.trim()
  if (why === '') throw new DomainError('REASON_MISSING', 'Say why the agent is revoked: it stands in the audit log.')
  const agent = await tx.db.agent.findUnique({ where: { id: agentId } })
  if (!agent) throw new DomainError('AGENT_UNKNOWN', 'There is no such agent.')
  const written = await tx.db.agent.updateMany({ where: { id: agentId, revokedAt: null }, data: { revokedAt: await databaseNow(tx), revokedReason: why } })
  if (written.count !== 1) throw new DomainError('AGENT_REVOKED', `${agent.name} is revoked already.`, { agent: agent.name })
  await audit(tx, 'agent.revoke', { ...agent, kind: 'agent' }, { before: agent.quarantinedAt === null ? 'ACTIVE' : 'QUARANTINED', after: 'REVOKED', reason: why })
}
