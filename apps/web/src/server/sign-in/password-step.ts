import 'server-only'
import { randomBytes } from 'node:crypto'
import { DomainError, PASSWORD_MOST } from '@driftless/domain'
import { findSignIn, inScope, openSignInTicket, readFactors } from '@driftless/db'
import { z } from 'zod'
import { db } from '../db.ts'
import { isPassword } from '../password.ts'
import { scopeOf } from '../person.ts'
import type { Person } from '../person.ts'
import { countAttempt, countPassword, forgetPasswords } from '../sign-in-limit.ts'
import { noteRefused, refuseWhereSignOnMust } from './refused.ts'
import { newChallenge, passkeysPossible, requestOptions } from './webauthn.ts'

export const credentials = z.object({ email: z.email().max(254), password: z.string().min(1).max(PASSWORD_MOST) })
export type Credentials = z.infer<typeof credentials>

/**
 * The person behind address and password. The answer, and its time, do not tell which of the two was wrong, nor whether there is
 * such a person. SIGN_IN_WRONG, SIGN_ON_REQUIRED, TOO_MANY_TRIES, SIGN_IN_UNAVAILABLE.
 */
export async function checkPassword({ email: typed, password }: Credentials, address: string | null): Promise<Person> {
  const email = typed.toLowerCase()
  await countAttempt(address)
  await countPassword(email, () => void noteTooMany(email, address))
  const found = await findSignIn(db(), email)
  const right = await isPassword(found?.passwordHash ?? null, password)
  const person = found && { userId: found.id, name: found.name, email: found.email, role: found.role, tenantId: found.tenantId, providerId: found.providerId }
  if (!person || !right) {
    if (person) noteRefused(person, 'WRONG_PASSWORD', address)
    throw new DomainError('SIGN_IN_WRONG', 'This e-mail address and password do not match.')
  }
  await forgetPasswords(email)
  await refuseWhereSignOnMust(person)
  return person
}

async function noteTooMany(email: string, address: string | null): Promise<void> {
  const found = await findSignIn(db(), email).catch(() => null)
  if (found) noteRefused({ userId: found.id, name: found.name, email, role: found.role, tenantId: found.tenantId, providerId: found.providerId }, 'TOO_MANY_TRIES', address)
}

/** How a person may go on after the password; none where they have no second factor. */
export type SecondStep = 'TOTP' | 'PASSKEY' | 'RECOVERY_CODE'

/** Whether a person has a second factor, the steps that can be offered, and the passkeys to ask the browser for. */
export async function secondStepsOf(person: Person): Promise<{ enrolled: boolean; steps: SecondStep[]; passkeys: { credentialId: string; transports: string[] }[] }> {
  const { totpSince, passkeys, recoveryCodesLeft } = await inScope(db(), scopeOf(person, null), (tx) => readFactors(tx, person.userId))
  if (totpSince === null && passkeys.length === 0) return { enrolled: false, steps: [], passkeys: [] }
  const steps: SecondStep[] = []
  if (passkeys.length > 0 && passkeysPossible()) steps.push('PASSKEY')
  if (totpSince !== null) steps.push('TOTP')
  if (recoveryCodesLeft > 0) steps.push('RECOVERY_CODE')
  return { enrolled: true, steps, passkeys }
}

/** A ticket for the second step of this person, with what each of their steps needs. */
export async function beginSecondStep(person: Person) {
  const { enrolled, steps, passkeys } = await secondStepsOf(person)
  const ticket = randomBytes(32).toString('base64url')
  const challenge = newChallenge()
  await openSignInTicket(db(), ticket, person.userId, challenge)
  return { ticket, enrolled, steps, passkey: steps.includes('PASSKEY') ? await requestOptions(challenge, passkeys) : null }
}
