import { DomainError } from '@driftless/domain'
import type { Factor } from '@driftless/domain'
import { audit } from '../audit.ts'
import { SESSION_SECONDS } from '../queries/sessions.ts'
import { tokenHash } from '../token-hash.ts'
import type { ScopedTx } from '../scope.ts'

/** The person whose session it is, as entries name them. */
export type Account = { readonly userId: string; readonly name: string; readonly providerId: string; readonly tenantId: string | null }
export const subjectOf = ({ userId, name, providerId, tenantId }: Account) => ({ providerId, tenantId, kind: 'user', id: userId, name }) as const

/** Browsers say more of themselves than anybody reads. */
const USER_AGENT_LETTERS = 300

/** Opens a session for the token (256 random bits, stored hashed), in its person's own scope. Resolves to its id. */
export async function openSession(tx: ScopedTx, account: Account, { token, factors, userAgent, now }: { token: string; factors: readonly Factor[]; userAgent: string | null; now: Date }): Promise<string> {
  const { userId, providerId, tenantId } = account
  const address = tx.actor.address ?? null
  const { id } = await tx.db.portalSession.create({
    select: { id: true },
    data: {
      providerId, tenantId, userId, tokenHash: tokenHash(token), factors: [...factors], address, userAgent: userAgent?.slice(0, USER_AGENT_LETTERS) ?? null,
      createdAt: now, lastSeenAt: now, authenticatedAt: now, expiresAt: new Date(now.getTime() + SESSION_SECONDS * 1000),
    },
  })
  await audit(tx, 'session.open', subjectOf(account), { detail: { factors: [...factors] } })
  return id
}

/** The person signs out; false when the session had ended already. */
export async function endSession(tx: ScopedTx, account: Account, sessionId: string, now: Date): Promise<boolean> {
  const ended = await tx.db.portalSession.updateMany({ where: { id: sessionId, userId: account.userId, revokedAt: null, expiresAt: { gt: now } }, data: { revokedAt: now, revokedById: tx.actor.id } })
  if (ended.count !== 1) return false
  await audit(tx, 'session.end', subjectOf(account))
  return true
}

/** Why a sign-in of somebody who is known was refused; nobody else is written down. */
export type RefusalReason = 'WRONG_PASSWORD' | 'TOO_MANY_TRIES' | 'WRONG_CODE' | 'WRONG_RECOVERY_CODE' | 'WRONG_PASSKEY' | 'SIGN_ON_DEMANDED'

/** Writes down that a sign-in as this person was refused. The actor is the system: who tried is not known. */
export async function noteRefusedSignIn(tx: ScopedTx, account: Account, reason: RefusalReason): Promise<void> {
  await audit(tx, 'session.refuse', subjectOf(account), { after: reason })
}

/** Factors were shown again in a session: sensitive changes are open for a while. SESSION_UNKNOWN when it has ended meanwhile. */
export async function confirmSession(tx: ScopedTx, sessionId: string, factors: readonly Factor[], now: Date): Promise<void> {
  const session = await tx.db.portalSession.findUnique({ where: { id: sessionId }, select: { factors: true } })
  const all = [...new Set([...(session?.factors ?? []), ...factors])]
  const written = await tx.db.portalSession.updateMany({ where: { id: sessionId, revokedAt: null }, data: { authenticatedAt: now, factors: all } })
  if (!session || written.count !== 1) throw new DomainError('SESSION_UNKNOWN', 'This session has ended.')
}

/** A passkey answers within minutes, or the person begins again. */
const CHALLENGE_MS = 5 * 60_000

/** Remembers what a passkey is asked to sign in this session; the one before counts no more. */
export async function challengeSession(tx: ScopedTx, sessionId: string, challenge: string, now: Date): Promise<void> {
  await tx.db.portalSession.updateMany({ where: { id: sessionId, revokedAt: null }, data: { challenge, challengeExpiresAt: new Date(now.getTime() + CHALLENGE_MS) } })
}

/** What a passkey was asked to sign, once: of many at the same time one gets it. Null when there is none, or it ran out. */
export async function takeChallenge(tx: ScopedTx, sessionId: string, now: Date): Promise<string | null> {
  const session = await tx.db.portalSession.findUnique({ where: { id: sessionId }, select: { challenge: true } })
  const challenge = session?.challenge ?? null
  if (challenge === null) return null
  const taken = await tx.db.portalSession.updateMany({ where: { id: sessionId, challenge, challengeExpiresAt: { gt: now } }, data: { challenge: null, challengeExpiresAt: null } })
  return taken.count === 1 ? challenge : null
}
