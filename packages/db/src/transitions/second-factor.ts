import { DomainError, enrolledSatisfy } from '@driftless/domain'
import type { SecondFactorPolicy } from '@driftless/domain'
import { z } from 'zod'
import { audit } from '../audit.ts'
import { readFactors } from '../queries/second-factors.ts'
import type { ScopedTx } from '../scope.ts'
import { revokeSessionsOf } from './revoke-sessions.ts'
import { subjectOf } from './session.ts'
import type { Account } from './session.ts'

const own = ({ userId, providerId, tenantId }: Account) => ({ userId, providerId, tenantId })

/** Two changes of one person's factors at once would each find the other's still there. */
async function oneAtATime(tx: ScopedTx, { userId }: Account): Promise<void> {
  await tx.db.$queryRaw`SELECT id FROM portal_user WHERE id = ${userId} FOR UPDATE`
}

/** Puts a code app's secret beside its person, unconfirmed; one that was never confirmed is replaced. `id` is what the seal is bound to. TOTP_EXISTS. */
export async function startTotp(tx: ScopedTx, account: Account, id: string, sealedSecret: string): Promise<void> {
  await tx.db.totpSecret.deleteMany({ where: { userId: account.userId, confirmedAt: null } })
  const written = await tx.db.totpSecret.createMany({ data: [{ id, ...own(account), sealedSecret }], skipDuplicates: true })
  if (written.count !== 1) throw new DomainError('TOTP_EXISTS', 'An authenticator app is set up already. Remove it before you set up another.')
}

/** Its first right code came: from now on the app is a factor. False when it was confirmed or replaced meanwhile. */
export async function confirmTotp(tx: ScopedTx, account: Account, id: string, step: number, now: Date): Promise<boolean> {
  const written = await tx.db.totpSecret.updateMany({ where: { id, userId: account.userId, confirmedAt: null }, data: { confirmedAt: now, lastStep: BigInt(step) } })
  if (written.count !== 1) return false
  await audit(tx, 'factor.add', subjectOf(account), { after: 'TOTP' })
  return true
}

/** Uses up one step of the code app. False when a code of this step or a later one was accepted before: of many at once one gets true. */
export async function useTotpStep(tx: ScopedTx, account: Account, step: number): Promise<boolean> {
  const used = await tx.db.totpSecret.updateMany({ where: { userId: account.userId, confirmedAt: { not: null }, OR: [{ lastStep: null }, { lastStep: { lt: BigInt(step) } }] }, data: { lastStep: BigInt(step) } })
  return used.count === 1
}

/** Takes the code app away. NO_TOTP; LAST_FACTOR where the policy demands one and nothing else is left. */
export async function removeTotp(tx: ScopedTx, account: Account, policy: SecondFactorPolicy): Promise<void> {
  await oneAtATime(tx, account)
  const removed = await tx.db.totpSecret.deleteMany({ where: { userId: account.userId, confirmedAt: { not: null } } })
  if (removed.count !== 1) throw new DomainError('NO_TOTP', 'No authenticator app is set up.')
  await afterRemoval(tx, account, policy)
  await audit(tx, 'factor.remove', subjectOf(account), { before: 'TOTP' })
}

export type NewPasskey = { readonly name: string; readonly credentialId: string; readonly publicKey: Uint8Array<ArrayBuffer>; readonly counter: number; readonly transports: readonly string[]; readonly synced: boolean }

/** A person uses a few; the list stays readable, and the browser's question short. */
const MOST_PASSKEYS = 20

/** Enrols a passkey that has just proved itself. PASSKEY_EXISTS, TOO_MANY_PASSKEYS. */
export async function addPasskey(tx: ScopedTx, account: Account, passkey: NewPasskey): Promise<void> {
  await oneAtATime(tx, account)
  if ((await tx.db.passkey.count({ where: { userId: account.userId } })) >= MOST_PASSKEYS) throw new DomainError('TOO_MANY_PASSKEYS', `A person has at most ${MOST_PASSKEYS} passkeys. Remove one that you no longer use.`, { most: MOST_PASSKEYS })
  const written = await tx.db.passkey.createMany({ data: [{ ...own(account), ...passkey, counter: BigInt(passkey.counter), transports: [...passkey.transports] }], skipDuplicates: true })
  if (written.count !== 1) throw new DomainError('PASSKEY_EXISTS', 'This passkey is enrolled already.')
  await audit(tx, 'factor.add', subjectOf(account), { after: 'PASSKEY', detail: { passkey: passkey.name } })
}

/** PASSKEY_UNKNOWN. */
export async function renamePasskey(tx: ScopedTx, account: Account, id: string, name: string): Promise<void> {
  const written = await tx.db.passkey.updateMany({ where: { id, userId: account.userId }, data: { name } })
  if (written.count !== 1) throw new DomainError('PASSKEY_UNKNOWN', 'There is no such passkey.')
}

/**
 * Notes that a passkey signed. False when its counter did not move on from what was read: somebody else used the same
 * signature, or a copy of the key. Authenticators that do not count say 0 for ever.
 */
export async function usePasskey(tx: ScopedTx, account: Account, credentialId: string, counter: number, synced: boolean, now: Date): Promise<boolean> {
  const used = await tx.db.passkey.updateMany({ where: { credentialId, userId: account.userId, ...(counter === 0 ? { counter: 0n } : { counter: { lt: BigInt(counter) } }) }, data: { counter: BigInt(counter), synced, lastUsedAt: now } })
  return used.count === 1
}

/** Takes a passkey away. PASSKEY_UNKNOWN; LAST_FACTOR where the policy demands one and nothing else is left. */
export async function removePasskey(tx: ScopedTx, account: Account, id: string, policy: SecondFactorPolicy): Promise<void> {
  await oneAtATime(tx, account)
  const passkey = await tx.db.passkey.findUnique({ where: { id }, select: { name: true } })
  const removed = await tx.db.passkey.deleteMany({ where: { id, userId: account.userId } })
  if (!passkey || removed.count !== 1) throw new DomainError('PASSKEY_UNKNOWN', 'There is no such passkey.')
  await afterRemoval(tx, account, policy)
  await audit(tx, 'factor.remove', subjectOf(account), { before: 'PASSKEY', detail: { passkey: passkey.name } })
}

/** What is left must do for the policy. Codes that replace a factor are worth nothing, and no way in, once there is none to replace. */
async function afterRemoval(tx: ScopedTx, account: Account, policy: SecondFactorPolicy): Promise<void> {
  const { totpSince, passkeys } = await readFactors(tx, account.userId)
  if (!enrolledSatisfy(policy, { totp: totpSince !== null, passkeys: passkeys.length })) throw new DomainError('LAST_FACTOR', 'Your organisation demands a second factor, and this is your last one. Set up another first.')
  if (totpSince === null && passkeys.length === 0) await tx.db.recoveryCode.deleteMany({ where: { userId: account.userId } })
}

/** Puts new recovery codes (hashed) in the place of all that were there. */
export async function renewRecoveryCodes(tx: ScopedTx, account: Account, codeHashes: readonly string[]): Promise<void> {
  await oneAtATime(tx, account)
  await tx.db.recoveryCode.deleteMany({ where: { userId: account.userId } })
  await tx.db.recoveryCode.createMany({ data: codeHashes.map((codeHash) => ({ ...own(account), codeHash })) })
  await audit(tx, 'recovery-code.renew', subjectOf(account))
}

/** Uses up a recovery code; false when it is none of this person's, or was used: of many at once one gets true. */
export async function useRecoveryCode(tx: ScopedTx, account: Account, codeHash: string, now: Date): Promise<boolean> {
  const used = await tx.db.recoveryCode.updateMany({ where: { userId: account.userId, codeHash, usedAt: null }, data: { usedAt: now } })
  if (used.count !== 1) return false
  const left = await tx.db.recoveryCode.count({ where: { userId: account.userId, usedAt: null } })
  await audit(tx, 'recovery-code.use', subjectOf(account), { after: String(left) })
  return true
}

/**
 * Takes away all second factors and recovery codes of somebody of the provider or its customers who has lost them, and ends their
 * sessions: they sign in by password and, where one is demanded, set up another. Resolves to how many factors there were. PERSON_UNKNOWN.
 */
export async function resetFactors(tx: ScopedTx, userId: string): Promise<number> {
  const user = await tx.db.user.findUnique({ where: { id: userId }, select: { id: true, name: true, providerId: true, tenantId: true } })
  if (!user) throw new DomainError('PERSON_UNKNOWN', 'There is no such person.')
  const [{ factors }] = z.tuple([z.object({ factors: z.number() })]).parse(await tx.db.$queryRaw`SELECT reset_factors(${userId}) AS factors`)
  await audit(tx, 'factor.reset', subjectOf({ userId, ...user }), { detail: { factors } })
  await revokeSessionsOf(tx, userId)
  return factors
}
