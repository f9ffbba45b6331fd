import { randomBytes } from 'node:crypto'
import { DomainError } from '@driftless/domain'
import { audit } from '../audit.ts'
import { databaseNow } from '../queries/clock.ts'
import type { ScopedTx } from '../scope.ts'
import { tokenHash } from '../token-hash.ts'

/** A token is copied by a person within the hour or made anew; the database allows no longer. */
export const TOKEN_LIFETIME_MS = 3_600_000

/** When a token made at `now`, by the database's clock, was made and ends: both from one clock, which the database checks. */
export function tokenLife(now: Date): { createdAt: Date; expiresAt: Date } {
  return { createdAt: now, expiresAt: new Date(now.getTime() + TOKEN_LIFETIME_MS) }
}

export type MadeToken = { readonly token: string; readonly expiresAt: Date }

/** Makes a single-use token for a new agent at a site and resolves to it in full; it is shown once and stored hashed. SITE_UNKNOWN, NOT_READY. */
export async function createEnrolmentToken(tx: ScopedTx, siteId: string): Promise<MadeToken> {
  const site = await tx.db.site.findUnique({ where: { id: siteId } })
  if (!site) throw new DomainError('SITE_UNKNOWN', 'There is no such site.')
  const { token, expiresAt, id } = await storeToken(tx, site, null)
  await audit(tx, 'enrolment-token.create', { ...site, kind: 'enrolment-token', id }, { detail: { expiresAt: expiresAt.toISOString() } })
  return { token, expiresAt }
}

/** The same for an agent that is there already: it keeps its id and its migrations, and is trusted again. AGENT_UNKNOWN, NOT_READY. */
export async function createAgentToken(tx: ScopedTx, agentId: string): Promise<MadeToken> {
  const agent = await tx.db.agent.findUnique({ where: { id: agentId }, include: { site: true } })
  if (!agent) throw new DomainError('AGENT_UNKNOWN', 'There is no such agent.')
  const { token, expiresAt, id } = await storeToken(tx, agent.site, agentId)
  await audit(tx, 'enrolment-token.renew', { ...agent, kind: 'enrolment-token', id }, { detail: { agentId, site: agent.site.name, expiresAt: expiresAt.toISOString() } })
  return { token, expiresAt }
}

async function storeToken(tx: ScopedTx, { providerId, tenantId, id: siteId }: { providerId: string; tenantId: string | null; id: string }, agentId: string | null) {
  const authority = await tx.db.certificateAuthority.findFirst({ select: { fingerprint: true } })
  if (!authority) throw new DomainError('NOT_READY', 'The gateway has not started yet; try again in a minute.')
  const secret = randomBytes(32).toString('base64url')
  const life = tokenLife(await databaseNow(tx))
  const { id } = await tx.db.enrolmentToken.create({ data: { providerId, tenantId, siteId, agentId, secretHash: tokenHash(secret), createdById: tx.actor.id, ...life }, select: { id: true } })
  return { id, token: `dl1.${secret}.${authority.fingerprint}`, expiresAt: life.expiresAt }
}

/** Who claims: `agentId` when it is somebody already. */
export type Claimant = { readonly agentId?: string | undefined; readonly host: string; readonly version: string; readonly protocol: number }
export type SignedCertificate = { readonly fingerprint: string; readonly expiresAt: Date }

/**
 * Claims a token, once: of many claims at the same time one wins. It makes a new agent; a token that is bound to an agent gives
 * that one a new certificate, and trust again. TOKEN_WRONG, TOKEN_EXPIRED, TOKEN_USED or TOKEN_OTHER_AGENT otherwise, with nothing
 * written. `sign` makes the certificate for the agent's id, inside the transaction.
 */
export async function enrolAgent<T extends SignedCertificate>(tx: ScopedTx, secret: string, claimant: Claimant, now: Date, sign: (agentId: string) => Promise<T>) {
  const token = await tx.db.enrolmentToken.findUnique({ where: { secretHash: tokenHash(secret) }, include: { site: true, agent: true } })
  if (!token) throw new DomainError('TOKEN_WRONG', 'This enrolment token is not known here. Copy it again, whole, from Configure › Agents.')
  if (token.usedAt) throw new DomainError('TOKEN_USED', 'This enrolment token was used already. Make a new one in Configure › Agents.')
  if (token.expiresAt <= now) throw new DomainError('TOKEN_EXPIRED', 'This enrolment token has expired. Make a new one in Configure › Agents.')
  if (claimant.agentId !== undefined && claimant.agentId !== token.agentId)
    throw new DomainError('TOKEN_OTHER_AGENT', `This enrolment token is not for this agent (${claimant.agentId}), so it was not used up. Make one with “Enrol again” at this very agent in Configure › Agents.`)
  const claimed = await tx.db.enrolmentToken.updateMany({ where: { id: token.id, usedAt: null, expiresAt: { gt: now } }, data: { usedAt: now } })
  if (claimed.count !== 1) throw new DomainError('TOKEN_USED', 'This enrolment token was used already. Make a new one in Configure › Agents.')
  const { providerId, tenantId, siteId, site } = token
  const { host, version, protocol } = claimant
  const row = token.agent ?? (await tx.db.agent.create({ data: { providerId, tenantId, siteId, role: site.kind, name: host, host, version, protocol, certificateFingerprint: '' } }))
  const certificate = await sign(row.id)
  await tx.db.agent.update({ where: { id: row.id }, data: { ...trustedAgain, certificateFingerprint: certificate.fingerprint, certificateExpiresAt: certificate.expiresAt, host, version, protocol } })
  await tx.db.enrolmentToken.update({ where: { id: token.id }, data: { usedByAgentId: row.id } })
  const subject = { providerId, tenantId, kind: 'agent', id: row.id, name: row.name } as const
  const detail = { site: site.name, host, version, expiresAt: certificate.expiresAt.toISOString() }
  if (token.agent) await audit(tx, 'agent.enrol-again', subject, { ...(token.agent.revokedAt ? { before: 'REVOKED' } : token.agent.quarantinedAt ? { before: 'QUARANTINED' } : {}), detail })
  else await audit(tx, 'agent.enrol', subject, { detail })
  return { agentId: row.id, role: row.role, certificate }
}

/** No certificate of before counts any more, not even as the sign of a copy: its owner was asked to enrol again for it. */
const trustedAgain = { nextCertificateFingerprint: null, nextCertificateExpiresAt: null, supersededFingerprints: [], supersededAt: null, revokedAt: null, revokedReason: null, quarantinedAt: null }

/** Writes down that a claim of a known token was refused; of tokens that nobody made there is nothing to say. The actor has the address. */
export async function noteRefusedClaim(tx: ScopedTx, secret: string, host: string, reason: string): Promise<void> {
  const token = await tx.db.enrolmentToken.findUnique({ where: { secretHash: tokenHash(secret) }, include: { site: true } })
  if (!token) return
  const { providerId, tenantId, id, site } = token
  await audit(tx, 'enrolment-token.refuse', { providerId, tenantId, kind: 'enrolment-token', id, name: site.name }, { after: reason, detail: { reason, host, address: tx.actor.address ?? null } })
}
