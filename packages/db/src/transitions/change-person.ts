import { DomainError, roleFits } from '@driftless/domain'
import type { UserRole } from '@driftless/domain'
import { audit } from '../audit.ts'
import type { ScopedTx } from '../scope.ts'
import { revokeSessionsOf } from './revoke-sessions.ts'

/** Somebody of the scope whom the actor may change: everybody but themselves. PERSON_UNKNOWN, OWN_ACCOUNT. */
async function readOther(tx: ScopedTx, userId: string) {
  const person = await tx.db.user.findUnique({ where: { id: userId }, select: { id: true, providerId: true, tenantId: true, name: true, email: true, role: true, locale: true, deactivatedAt: true } })
  if (!person) throw new DomainError('PERSON_UNKNOWN', 'There is no such person.')
  if (person.id === tx.actor.id) throw new DomainError('OWN_ACCOUNT', 'Nobody changes their own account here.')
  return { person, subject: { providerId: person.providerId, tenantId: person.tenantId, kind: 'user', id: person.id, name: person.name } as const }
}

/** Holds all administrators' rows, so that two who take each other's role at once cannot both succeed. LAST_ADMIN. */
async function keepOneAdmin(tx: ScopedTx, person: { id: string; name: string; providerId: string; role: UserRole }): Promise<void> {
  if (person.role !== 'PROVIDER_ADMIN') return
  await tx.db.$queryRaw`SELECT id FROM portal_user WHERE provider_id = ${person.providerId} AND role = 'PROVIDER_ADMIN' ORDER BY id FOR UPDATE`
  const others = await tx.db.user.count({ where: { providerId: person.providerId, role: 'PROVIDER_ADMIN', deactivatedAt: null, id: { not: person.id } } })
  if (others === 0) throw new DomainError('LAST_ADMIN', `${person.name} is the last administrator.`, { name: person.name })
}

/** Gives a person another role of their own side, and ends their sessions. ROLE_MISFIT, LAST_ADMIN and as `readOther`. */
export async function changeRole(tx: ScopedTx, userId: string, role: UserRole): Promise<void> {
  const { person, subject } = await readOther(tx, userId)
  if (!roleFits(role, person.tenantId)) throw new DomainError('ROLE_MISFIT', 'This role belongs to the other side.')
  if (person.role === role) return
  await keepOneAdmin(tx, person)
  const written = await tx.db.user.updateMany({ where: { id: userId, role: person.role }, data: { role } })
  if (written.count !== 1) throw new DomainError('PERSON_UNKNOWN', 'Somebody else has changed this person in the meantime.')
  await revokeSessionsOf(tx, userId)
  await audit(tx, 'person.role', subject, { before: person.role, after: role })
}

/**
 * Shuts a person out: sessions end, links to change the password die, and so does the tie to the organisation's sign-on, which is
 * made anew when they come back. LAST_ADMIN and as `readOther`.
 */
export async function deactivatePerson(tx: ScopedTx, userId: string, now: Date): Promise<void> {
  const { person, subject } = await readOther(tx, userId)
  await keepOneAdmin(tx, person)
  const written = await tx.db.user.updateMany({ where: { id: userId, deactivatedAt: null }, data: { deactivatedAt: now } })
  if (written.count !== 1) return
  await tx.db.oidcAccount.deleteMany({ where: { userId } })
  await tx.db.passwordReset.updateMany({ where: { userId, usedAt: null }, data: { usedAt: now } })
  await revokeSessionsOf(tx, userId)
  await audit(tx, 'person.deactivate', subject)
}

/** Lets a person in again. As `readOther`. */
export async function reactivatePerson(tx: ScopedTx, userId: string): Promise<void> {
  const { subject } = await readOther(tx, userId)
  const written = await tx.db.user.updateMany({ where: { id: userId, deactivatedAt: { not: null } }, data: { deactivatedAt: null } })
  if (written.count === 1) await audit(tx, 'person.reactivate', subject)
}

/** Ends all sessions of a person: whoever has one of them must sign in anew. As `readOther`. */
export async function signOutPerson(tx: ScopedTx, userId: string): Promise<void> {
  const { subject } = await readOther(tx, userId)
  await revokeSessionsOf(tx, userId)
  await audit(tx, 'person.sign-out', subject)
}
