import 'server-only'
import { DomainError } from '@driftless/domain'
import type { Factor } from '@driftless/domain'
import { findPasskey, inScope, trySignInTicket, useSignInTicket } from '@driftless/db'
import { z } from 'zod'
import { db } from '../db.ts'
import { scopeOf } from '../person.ts'
import type { Person } from '../person.ts'
import { countAttempt, countProof, forgetProofs } from '../sign-in-limit.ts'
import { secondStepsOf } from './password-step.ts'
import { proof, prove, REFUSAL_OF } from './prove.ts'
import type { Proof } from './prove.ts'
import { noteRefused, refuseWhereSignOnMust } from './refused.ts'
import { assertion } from './webauthn.ts'
import type { Assertion } from './webauthn.ts'

export type SignedIn = { person: Person; factors: Factor[] }

const ticket = z.string().min(1).max(100)
export const secondStep = z.object({ ticket, proof: z.union([proof, z.object({ method: z.literal('NONE') })]) })
export const passkeyStep = z.object({ ticket, response: assertion })

const expired = () => new DomainError('SIGN_IN_EXPIRED', 'This sign-in took too long, or was tried too often. Begin again.')
const wrong = (shown: Proof) => new DomainError(shown.method === 'PASSKEY' ? 'PASSKEY_WRONG' : 'CODE_WRONG', 'This is not the second factor of this person.')

/** Ends a sign-in that began with a right password. SIGN_IN_EXPIRED, CODE_WRONG, PASSKEY_WRONG, TOO_MANY_TRIES, SIGN_IN_UNAVAILABLE. */
export async function finishSecondStep(input: z.infer<typeof secondStep>, address: string | null, now: Date): Promise<SignedIn> {
  await countAttempt(address)
  const tried = await trySignInTicket(db(), input.ticket)
  if (!tried?.person) throw expired()
  const { person, challenge } = tried
  const { proof: shown } = input
  if (shown.method === 'NONE') return withoutSecondFactor(person, input.ticket, address)
  await countProof(person.userId)
  const factor = await provenOnce(person, input.ticket, address, shown, challenge, now)
  if (factor === null) {
    noteRefused(person, REFUSAL_OF[shown.method], address)
    throw wrong(shown)
  }
  await forgetProofs(person.userId)
  return { person, factors: ['PASSWORD', factor] }
}

async function withoutSecondFactor(person: Person, used: string, address: string | null): Promise<SignedIn> {
  // One that was enrolled since the password counts already.
  if ((await secondStepsOf(person)).enrolled) throw expired()
  if (!(await inScope(db(), scopeOf(person, address), (tx) => useSignInTicket(tx, used)))) throw expired()
  return { person, factors: ['PASSWORD'] }
}

/** The factor and the ticket are used up together, or neither. */
function provenOnce(person: Person, used: string, address: string | null, shown: Proof, challenge: string, now: Date): Promise<Factor | null> {
  return inScope(db(), scopeOf(person, address), async (tx) => {
    const factor = await prove(tx, person, shown, challenge, now)
    if (factor !== null && !(await useSignInTicket(tx, used))) throw expired()
    return factor
  })
}

/** Ends a sign-in by passkey alone: what it is, and a PIN, a finger or a face behind it. SIGN_IN_EXPIRED, PASSKEY_WRONG, SIGN_ON_REQUIRED, TOO_MANY_TRIES, SIGN_IN_UNAVAILABLE. */
export async function finishPasskey(input: { ticket: string; response: Assertion }, address: string | null, now: Date): Promise<SignedIn> {
  await countAttempt(address)
  const tried = await trySignInTicket(db(), input.ticket)
  if (!tried || tried.person !== null) throw expired()
  const shown = { method: 'PASSKEY', response: input.response } as const
  const found = await findPasskey(db(), input.response.id)
  if (!found) throw wrong(shown)
  const { person } = found
  await countProof(person.userId)
  const factor = await provenOnce(person, input.ticket, address, shown, tried.challenge, now)
  if (factor === null) {
    noteRefused(person, 'WRONG_PASSKEY', address)
    throw wrong(shown)
  }
  await forgetProofs(person.userId)
  await refuseWhereSignOnMust(person)
  return { person, factors: [factor] }
}
