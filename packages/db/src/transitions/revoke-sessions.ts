import { DomainError } from '@driftless/domain'
import { audit } from '../audit.ts'
import type { ScopedTx } from '../scope.ts'

/**
 * Ends all live sessions of a person (but `exceptId`): their next request is answered as if they had never signed in.
 * For deactivation, another role, a changed password, "sign out everywhere". Resolves to how many there were.
 * PERSON_UNKNOWN outside the scope.
 */
export async function revokeSessionsOf(tx: ScopedTx, userId: string, { exceptId, now = new Date() }: { exceptId?: string; now?: Date } = {}): Promise<number> {
  const user = await tx.db.user.findUnique({ where: { id: userId }, select: { id: true, name: true, providerId: true, tenantId: true } })
  if (!user) throw new DomainError('PERSON_UNKNOWN', 'There is no such person.')
  const ended = await tx.db.portalSession.updateMany({
    where: { userId, revokedAt: null, expiresAt: { gt: now }, ...(exceptId === undefined ? {} : { id: { not: exceptId } }) },
    data: { revokedAt: now, revokedById: tx.actor.id },
  })
  if (ended.count === 0) return 0
  await audit(tx, 'session.revoke', { providerId: user.providerId, tenantId: user.tenantId, kind: 'user', id: user.id, name: user.name }, { detail: { sessions: ended.count } })
  return ended.count
}

/**
 * Ends an organisation's live sessions that were opened by a password, but for the provider's administrators, who keep theirs. For
 * the moment from which passwords are refused. Resolves to how many there were; the caller writes it into its own entry.
 */
export async function endPasswordSessions(tx: ScopedTx, providerId: string, tenantId: string | null, now: Date): Promise<number> {
  const keeping = await tx.db.user.findMany({ where: { providerId, role: 'PROVIDER_ADMIN' }, select: { id: true } })
  const ended = await tx.db.portalSession.updateMany({
    where: { providerId, tenantId, revokedAt: null, expiresAt: { gt: now }, factors: { has: 'PASSWORD' }, userId: { notIn: keeping.map(({ id }) => id) } },
    data: { revokedAt: now, revokedById: tx.actor.id },
  })
  return ended.count
}

/** Ends one session in the scope; false when it had ended already. SESSION_UNKNOWN. */
export async function revokeSession(tx: ScopedTx, sessionId: string, now: Date): Promise<boolean> {
  const session = await tx.db.portalSession.findUnique({ where: { id: sessionId }, select: { userId: true, address: true, userAgent: true } })
  const user = session && (await tx.db.user.findUnique({ where: { id: session.userId }, select: { id: true, name: true, providerId: true, tenantId: true } }))
  if (!session || !user) throw new DomainError('SESSION_UNKNOWN', 'There is no such session.')
  const ended = await tx.db.portalSession.updateMany({ where: { id: sessionId, revokedAt: null, expiresAt: { gt: now } }, data: { revokedAt: now, revokedById: tx.actor.id } })
  if (ended.count !== 1) return false
  await audit(tx, 'session.revoke', { providerId: user.providerId, tenantId: user.tenantId, kind: 'user', id: user.id, name: user.name }, { detail: { sessions: 1, from: session.address ?? '', browser: session.userAgent ?? '' } })
  return true
}
