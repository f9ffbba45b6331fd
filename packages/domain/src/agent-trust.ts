/** How far an agent is trusted. Only ACTIVE and ENDS_SOON may call the gateway; EXPIRED may not, as its certificate is refused. */
export const AGENT_TRUST = ['ACTIVE', 'ENDS_SOON', 'EXPIRED', 'REVOKED', 'QUARANTINED'] as const
export type AgentTrust = (typeof AGENT_TRUST)[number]

/** An agent that can renew has done so when 56 hours are left; with less than this it has tried for the best part of a day, in vain. */
export const ENDS_SOON_MS = 36 * 3_600_000

export type TrustFacts = { readonly revokedAt: Date | null; readonly quarantinedAt: Date | null; /** Null: not known yet. */ readonly certificateExpiresAt: Date | null }

/** Neither revoked by a person nor quarantined because a copy of its certificate was used. */
export function isTrusted(agent: Pick<TrustFacts, 'revokedAt' | 'quarantinedAt'>): boolean {
  return agent.revokedAt === null && agent.quarantinedAt === null
}

/** An agent's state of trust at `now`. What a person has said counts before what a clock says. */
export function agentTrust({ revokedAt, quarantinedAt, certificateExpiresAt }: TrustFacts, now: Date): AgentTrust {
  if (revokedAt !== null) return 'REVOKED'
  if (quarantinedAt !== null) return 'QUARANTINED'
  if (certificateExpiresAt === null) return 'ACTIVE'
  const leftMs = certificateExpiresAt.getTime() - now.getTime()
  if (leftMs <= 0) return 'EXPIRED'
  return leftMs < ENDS_SOON_MS ? 'ENDS_SOON' : 'ACTIVE'
}
