import { isTrusted } from '@driftless/domain'
import { audit } from '../audit.ts'
import { databaseNow } from '../queries/clock.ts'
import { findAgent } from '../queries/agent-contact.ts'
import type { KnownAgent } from '../queries/agent-contact.ts'
import type { ScopedTx } from '../scope.ts'
import type { SignedCertificate } from './enrol-agent.ts'

/** Replaced certificates that are remembered of an agent. Each lives for a week and is replaced after two thirds of it: older ones have expired. */
const MOST_SUPERSEDED = 10

/** Clocks of gateways and of the database differ by less. */
const CLOCKS_DIFFER_MS = 2_000

/** A certificate as it was presented: whose, which, until when, and since when its connection is open. */
export type Presented = { readonly agentId: string; readonly fingerprint: string; readonly expiresAt: Date; readonly connectedAt: Date }

/** UNKNOWN: no agent has it, or no longer. SUPERSEDED: it was replaced, and this connection is older than that. */
export type Distrust = 'UNKNOWN' | 'REVOKED' | 'QUARANTINED' | 'SUPERSEDED'

/**
 * Whose certificate this is, if it is good. The first use of a signed successor replaces the one before. The use of one that was
 * replaced, on a connection made since, means that somebody has a copy: who, nobody can tell, so neither is trusted from then on.
 */
export async function useCertificate(tx: ScopedTx, presented: Presented): Promise<{ agent: KnownAgent } | { refused: Distrust }> {
  const { agentId, fingerprint, expiresAt, connectedAt } = presented
  let agent = await findAgent(tx, agentId)
  if (!agent) return { refused: 'UNKNOWN' }
  if (isTrusted(agent) && agent.nextCertificateFingerprint === fingerprint) {
    await takeOver(tx, agent, fingerprint)
    agent = await findAgent(tx, agentId)
  }
  if (!agent) return { refused: 'UNKNOWN' }
  if (agent.revokedAt !== null) return { refused: 'REVOKED' }
  if (agent.quarantinedAt !== null) return { refused: 'QUARANTINED' }
  if (agent.certificateFingerprint === fingerprint) {
    if (agent.certificateExpiresAt === null) await tx.db.agent.updateMany({ where: { id: agentId, certificateFingerprint: fingerprint }, data: { certificateExpiresAt: expiresAt } })
    return { agent }
  }
  if (!agent.supersededFingerprints.includes(fingerprint)) return { refused: 'UNKNOWN' }
  if (agent.supersededAt !== null && connectedAt.getTime() <= agent.supersededAt.getTime() + CLOCKS_DIFFER_MS) return { refused: 'SUPERSEDED' }
  await quarantine(tx, agent)
  return { refused: 'QUARANTINED' }
}

async function takeOver(tx: ScopedTx, agent: KnownAgent, fingerprint: string): Promise<void> {
  const replaced = await tx.db.agent.updateMany({
    where: { id: agent.id, nextCertificateFingerprint: fingerprint, certificateFingerprint: agent.certificateFingerprint, revokedAt: null, quarantinedAt: null },
    data: {
      certificateFingerprint: fingerprint, certificateExpiresAt: agent.nextCertificateExpiresAt, nextCertificateFingerprint: null, nextCertificateExpiresAt: null,
      supersededFingerprints: [agent.certificateFingerprint, ...agent.supersededFingerprints].slice(0, MOST_SUPERSEDED), supersededAt: await databaseNow(tx),
    },
  })
  if (replaced.count === 1) await audit(tx, 'agent.renew', { ...agent, kind: 'agent' }, { before: agent.certificateFingerprint, after: fingerprint, detail: { expiresAt: agent.nextCertificateExpiresAt?.toISOString() ?? null } })
}

async function quarantine(tx: ScopedTx, agent: KnownAgent): Promise<void> {
  const set = await tx.db.agent.updateMany({ where: { id: agent.id, quarantinedAt: null }, data: { quarantinedAt: await databaseNow(tx) } })
  if (set.count === 1) await audit(tx, 'agent.quarantine', { ...agent, kind: 'agent' }, { after: 'QUARANTINED', detail: { address: tx.actor.address ?? null } })
}

/**
 * Stores the successor of the certificate that the agent uses; an earlier one that was never used is forgotten. Both are good until
 * the successor is used. False when the agent has lost its trust, or has another certificate, in the meantime.
 */
export async function renewCertificate(tx: ScopedTx, agent: KnownAgent, next: SignedCertificate): Promise<boolean> {
  const stored = await tx.db.agent.updateMany({
    where: { id: agent.id, certificateFingerprint: agent.certificateFingerprint, revokedAt: null, quarantinedAt: null },
    data: { nextCertificateFingerprint: next.fingerprint, nextCertificateExpiresAt: next.expiresAt },
  })
  return stored.count === 1
}
