import 'server-only'
import { hash, verify } from '@node-rs/argon2'
import { findSignIn } from '@driftless/db'
import { z } from 'zod'
import { db } from './db.ts'
import { log } from './log.ts'
import type { Person } from './person.ts'
import { allowSignIn, forgetSignInTries } from './sign-in-limit.ts'

/** Longer inputs are attacks on the hash, not passwords. */
const credentials = z.object({ email: z.email().max(254), password: z.string().min(1).max(200) })

export const TOO_MANY_TRIES = 'TOO_MANY_TRIES'

let decoy: Promise<string> | undefined

/**
 * The person behind address and password, or null: the answer, and its time, do not tell which of the
 * two was wrong. Throws `TOO_MANY_TRIES` as message when the limit is reached.
 */
export async function signIn(input: unknown): Promise<Person | null> {
  const parsed = credentials.safeParse(input)
  if (!parsed.success) return null
  const email = parsed.data.email.toLowerCase()
  if (!(await allowSignIn(email))) throw new Error(TOO_MANY_TRIES)
  const found = await findSignIn(db(), email)
  decoy ??= hash(crypto.randomUUID())
  const right = await verify(found?.passwordHash ?? (await decoy), parsed.data.password)
  if (!found || !right) {
    log().info({ event: 'sign-in-refused' }, 'sign-in refused')
    return null
  }
  await forgetSignInTries(email)
  const { id: userId, name, role, tenantId, providerId } = found
  return { userId, name, email, role, tenantId, providerId }
}
