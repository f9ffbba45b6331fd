import { createHash, randomBytes } from 'node:crypto'
import { DomainError } from '@driftless/domain'
import { audit } from '../audit.ts'
import type { ScopedTx } from '../scope.ts'

/** A token is copied by a person within the hour or made anew. */
export const TOKEN_LIFETIME_MS = 3_600_000

/** What of a token is stored: its SHA-256, hex. */
export function enrolmentSecretHash(secret: string): string {
  return createHash('sha256').update(secret).digest('hex')
}

/** Makes a single-use token for a site and resolves to it in full; it is shown once and stored hashed. SITE_UNKNOWN, NOT_READY. */
export async function createEnrolmentToken(tx: ScopedTx, siteId: string, now: Date): Promise<{ token: string; expiresAt: Date }> {
  const site = await tx.db.site.findUnique({ where: { id: siteId } })
  if (!site) throw new DomainError('SITE_UNKNOWN', 'There is no such site.')
  const authority = await tx.db.certificateAuthority.findFirst({ select: { fingerprint: true } })
  if (!authority) throw new DomainError('NOT_READY', 'The gateway has not started yet; try again in a minute.')
  const secret = randomBytes(32).toString('base64url')
  const expiresAt = new Date(now.getTime() + TOKEN_LIFETIME_MS)
  const { providerId, tenantId } = site
  const row = await tx.db.enrolmentToken.create({ data: { providerId, tenantId, siteId, secretHash: enrolmentSecretHash(secret), expiresAt, createdById: tx.actor.id } })
  await audit(tx, 'enrolment-token.create', { providerId, tenantId, kind: 'enrolment-token', id: row.id, name: site.name }, { detail: { expiresAt: expiresAt.toISOString() } })
  return { token: `dl1.${secret}.${authority.fingerprint}`, expiresAt }
}

export type NewAgent = { readonly name: string; readonly host: string; readonly version: string; readonly protocol: number }

/**
 * Claims a token for a new agent, once: of many claims at the same time one wins. TOKEN_WRONG, TOKEN_EXPIRED or
 * TOKEN_USED otherwise, with nothing written. `sign` makes the certificate for the agent's id, inside the transaction.
 */
export async function enrolAgent<T extends { fingerprint: string }>(tx: ScopedTx, secret: string, agent: NewAgent, now: Date, sign: (agentId: string) => Promise<T>) {
  const token = await tx.db.enrolmentToken.findUnique({ where: { secretHash: enrolmentSecretHash(secret) }, include: { site: true } })
  if (!token) throw new DomainError('TOKEN_WRONG', 'This enrolment token is not known here. Copy it again, whole, from Configure › Agents.')
  if (token.usedAt) throw new DomainError('TOKEN_USED', 'This enrolment token was used already. Make a new one in Configure › Agents.')
  if (token.expiresAt <= now) throw new DomainError('TOKEN_EXPIRED', 'This enrolment token has expired. Make a new one in Configure › Agents.')
  const claimed = await tx.db.enrolmentToken.updateMany({ where: { id: token.id, usedAt: null, expiresAt: { gt: now } }, data: { usedAt: now } })
  if (claimed.count !== 1) throw new DomainError('TOKEN_USED', 'This enrolment token was used already. Make a new one in Configure › Agents.')
  const { providerId, tenantId, siteId } = token
  const row = await tx.db.agent.create({ data: { providerId, tenantId, siteId, role: token.site.kind, ...agent, certificateFingerprint: '' } })
  const certificate = await sign(row.id)
  await tx.db.agent.update({ where: { id: row.id }, data: { certificateFingerprint: certificate.fingerprint } })
  await tx.db.enrolmentToken.update({ where: { id: token.id }, data: { usedByAgentId: row.id } })
  await audit(tx, 'agent.enrol', { providerId, tenantId, kind: 'agent', id: row.id, name: row.name }, { detail: { site: token.site.name, host: agent.host, version: agent.version } })
  return { agentId: row.id, role: token.site.kind, certificate }
}
