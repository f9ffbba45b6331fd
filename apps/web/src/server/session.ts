import 'server-only'
import { satisfies } from '@driftless/domain'
import type { Factor, SecondFactorPolicy } from '@driftless/domain'
import { findSession } from '@driftless/db'
import { decode } from 'next-auth/jwt'
import { z } from 'zod'
import { env } from '../env.ts'
import { db } from './db.ts'
import type { Person } from './person.ts'

/** A live session with its person as they are now. `restricted`: their organisation demands more than was shown; such a session may only enrol it. */
export type CurrentSession = {
  readonly id: string
  readonly person: Person
  readonly factors: readonly Factor[]
  readonly authenticatedAt: Date
  readonly policy: SecondFactorPolicy
  readonly restricted: boolean
}

/** Browsers keep cookies of this name for TLS alone where the portal has it. */
export const isSecure = (): boolean => env().NEXTAUTH_URL.startsWith('https://')
export const sessionCookie = (): string => `${isSecure() ? '__Secure-' : ''}next-auth.session-token`

const pointer = z.object({ sessionToken: z.string().min(1).max(200) })

/** The session's token out of next-auth's cookie; null when it is none of ours, or ran out. */
export async function tokenOf(cookie: string | undefined): Promise<string | null> {
  if (cookie === undefined || cookie === '') return null
  try {
    const parsed = pointer.safeParse(await decode({ token: cookie, secret: env().NEXTAUTH_SECRET }))
    return parsed.success ? parsed.data.sessionToken : null
  } catch {
    // Not encrypted by us, or for another time: to us that is nobody.
    return null
  }
}

/** The session of a token, looked up anew: what was revoked, ran out or was shut out a moment ago is null. `touch`: the person is at it. */
export async function sessionOf(token: string | null, touch: boolean): Promise<CurrentSession | null> {
  const found = token === null ? null : await findSession(db(), token, touch)
  return found && { ...found, restricted: !satisfies(found.policy, found.factors) }
}
