import { DomainError, PASSWORD_RESET_MINUTES } from '@driftless/domain'
import { audit } from '../audit.ts'
import type { FoundPasswordReset } from '../queries/invitation.ts'
import type { ScopedTx } from '../scope.ts'
import { revokeSessionsOf } from './revoke-sessions.ts'

const HOUR_MS = 3_600_000
/** Mails that strangers can have sent to somebody within an hour. */
const MOST_AN_HOUR = 3

/**
 * Lets a person choose a new password by a token, once, for half an hour. Answers whom it is for; null when the person asked for
 * it (`byThemselves`) and has had enough of them. PERSON_UNKNOWN, DEACTIVATED.
 */
export async function offerPasswordReset(tx: ScopedTx, userId: string, tokenHash: string, now: Date, byThemselves: boolean) {
  const person = await tx.db.user.findUnique({ where: { id: userId }, select: { id: true, providerId: true, tenantId: true, name: true, email: true, locale: true, deactivatedAt: true } })
  if (!person) throw new DomainError('PERSON_UNKNOWN', 'There is no such person.')
  if (person.deactivatedAt !== null) throw new DomainError('DEACTIVATED', `${person.name} is deactivated.`, { name: person.name })
  const recent = await tx.db.passwordReset.count({ where: { userId, createdAt: { gt: new Date(now.getTime() - HOUR_MS) } } })
  if (byThemselves && recent >= MOST_AN_HOUR) return null
  const { providerId, tenantId } = person
  const expiresAt = new Date(now.getTime() + PASSWORD_RESET_MINUTES * 60_000)
  await tx.db.passwordReset.createMany({ data: [{ providerId, tenantId, userId, tokenHash, createdAt: now, expiresAt }] })
  await audit(tx, 'person.reset-link', { providerId, tenantId, kind: 'user', id: userId, name: person.name })
  return { name: person.name, email: person.email, locale: person.locale, expiresAt }
}

/**
 * Puts a new password (argon2id) in place of the old and ends every session; all other tokens of that person die with this one.
 * Second factors stay: who has only the mailbox does not get in. RESET_UNKNOWN when it was used in the meantime.
 */
export async function resetPassword(tx: ScopedTx, reset: FoundPasswordReset, passwordHash: string, now: Date): Promise<void> {
  const { id, userId, providerId, tenantId, name } = reset
  const taken = await tx.db.passwordReset.updateMany({ where: { id, usedAt: null, expiresAt: { gt: now } }, data: { usedAt: now } })
  const written = taken.count === 1 ? await tx.db.user.updateMany({ where: { id: userId, deactivatedAt: null }, data: { passwordHash } }) : taken
  if (written.count !== 1) throw new DomainError('RESET_UNKNOWN', 'This link was used, or its time is over.')
  await tx.db.passwordReset.updateMany({ where: { userId, usedAt: null }, data: { usedAt: now } })
  await revokeSessionsOf(tx, userId)
  await audit(tx, 'person.password', { providerId, tenantId, kind: 'user', id: userId, name })
}
