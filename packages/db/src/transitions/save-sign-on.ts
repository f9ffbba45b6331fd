import { DomainError, roleFits } from '@driftless/domain'
import type { UserRole } from '@driftless/domain'
import { audit } from '../audit.ts'
import { Prisma } from '../generated/client.ts'
import type { ScopedTx } from '../scope.ts'
import { endPasswordSessions } from './revoke-sessions.ts'

/** The id of an organisation's one connection: known before it is saved, since its callback address is made from it. */
export function signOnIdOf(providerId: string, tenantId: string | null): string {
  return tenantId === null ? `staff-${providerId}` : `customer-${tenantId}`
}

/** `clientSecretSealed`: null keeps the one that is there. `domains`: in lower case. */
export type SignOnSettings = {
  readonly issuer: string; readonly clientId: string; readonly clientSecretSealed: string | null
  readonly domains: readonly string[]; readonly defaultRole: UserRole | null; readonly enforced: boolean
}

/** The organisation's name, for the log. TENANT_UNKNOWN outside the scope. */
export async function organisationName(tx: ScopedTx, providerId: string, tenantId: string | null): Promise<string> {
  const found = tenantId === null
    ? await tx.db.provider.findUnique({ where: { id: providerId }, select: { name: true } })
    : await tx.db.tenant.findUnique({ where: { id: tenantId }, select: { name: true } })
  if (!found) throw new DomainError('TENANT_UNKNOWN', 'There is no such customer.')
  return found.name
}

/**
 * Connects an organisation's OpenID Connect server, or changes how. Another issuer knows other people by its subjects: who was
 * tied to the old one is tied anew. Sessions that passwords opened end with the moment from which passwords are refused. TENANT_UNKNOWN, ROLE_MISFIT, SECRET_MISSING, DOMAIN_TAKEN.
 */
export async function saveSignOn(tx: ScopedTx, providerId: string, tenantId: string | null, settings: SignOnSettings, now: Date): Promise<void> {
  const id = signOnIdOf(providerId, tenantId)
  const { issuer, clientId, clientSecretSealed, defaultRole, enforced } = settings
  const name = await organisationName(tx, providerId, tenantId)
  if (defaultRole !== null && !roleFits(defaultRole, tenantId)) throw new DomainError('ROLE_MISFIT', 'This role belongs to the other side.')
  const before = await tx.db.oidcConnection.findUnique({ where: { id }, select: { issuer: true, clientId: true, defaultRole: true, enforced: true } })
  const values = { issuer, clientId, defaultRole, enforced, updatedAt: now }
  if (before) {
    await tx.db.oidcConnection.updateMany({ where: { id }, data: { ...values, ...(clientSecretSealed === null ? {} : { clientSecretSealed }) } })
    if (before.issuer !== issuer) await tx.db.oidcAccount.deleteMany({ where: { connectionId: id } })
  } else {
    if (clientSecretSealed === null) throw new DomainError('SECRET_MISSING', 'A new sign-on needs its client secret.')
    await tx.db.oidcConnection.createMany({ data: [{ id, providerId, tenantId, ...values, clientSecretSealed }] })
  }
  const previous = (await tx.db.oidcDomain.findMany({ where: { connectionId: id }, orderBy: { domain: 'asc' } })).map(({ domain }) => domain)
  await writeDomains(tx, { id, providerId, tenantId }, settings.domains)
  const described = (one: { issuer: string; defaultRole: UserRole | null; enforced: boolean }, domains: readonly string[]) => `${one.issuer} (${domains.join(', ')}) ${one.defaultRole ?? '–'}${one.enforced ? ' !' : ''}`
  const sessionsEnded = enforced && before?.enforced !== true ? await endPasswordSessions(tx, providerId, tenantId, now) : 0
  const detail = { clientId, secretChanged: clientSecretSealed !== null, enforced, defaultRole: defaultRole ?? 'none', sessionsEnded }
  const subject = { providerId, tenantId, kind: 'sign-on', id, name } as const
  if (before) await audit(tx, 'sign-on.change', subject, { before: described(before, previous), after: described(values, settings.domains), detail })
  else await audit(tx, 'sign-on.connect', subject, { after: described(values, settings.domains), detail })
}

async function writeDomains(tx: ScopedTx, connection: { id: string; providerId: string; tenantId: string | null }, domains: readonly string[]): Promise<void> {
  const { id: connectionId, providerId, tenantId } = connection
  await tx.db.oidcDomain.deleteMany({ where: { connectionId } })
  try {
    await tx.db.oidcDomain.createMany({ data: domains.map((domain) => ({ domain, connectionId, providerId, tenantId })) })
  } catch (error) {
    if (error instanceof Prisma.PrismaClientKnownRequestError && error.code === 'P2002') throw new DomainError('DOMAIN_TAKEN', 'One of these domains leads to another sign-on already.', { domains: domains.join(', ') })
    throw error
  }
}

/** Takes an organisation's sign-on away: its people come by password again. SIGN_ON_UNKNOWN. */
export async function removeSignOn(tx: ScopedTx, providerId: string, tenantId: string | null): Promise<void> {
  const id = signOnIdOf(providerId, tenantId)
  const name = await organisationName(tx, providerId, tenantId)
  const removed = await tx.db.oidcConnection.deleteMany({ where: { id } })
  if (removed.count !== 1) throw new DomainError('SIGN_ON_UNKNOWN', 'There is no such sign-on.')
  await audit(tx, 'sign-on.remove', { providerId, tenantId, kind: 'sign-on', id, name })
}
