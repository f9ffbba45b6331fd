import 'server-only'
import { randomBytes } from 'node:crypto'
import { DomainError } from '@driftless/domain'
import { endSession, inScope, openSession, SESSION_SECONDS } from '@driftless/db'
import type { AuthOptions } from 'next-auth'
import Credentials from 'next-auth/providers/credentials'
import { cookies } from 'next/headers'
import { cache } from 'react'
import { z } from 'zod'
import { env } from '../env.ts'
import { db } from './db.ts'
import { log } from './log.ts'
import { scopeOf } from './person.ts'
import type { Person } from './person.ts'
import { isSecure, sessionCookie, sessionOf, tokenOf } from './session.ts'
import type { CurrentSession } from './session.ts'
import { finishPasskey, finishSecondStep, passkeyStep, secondStep } from './sign-in/finish.ts'
import type { SignedIn } from './sign-in/finish.ts'
import { checkPassword, credentials, secondStepsOf } from './sign-in/password-step.ts'

/** Where a request to next-auth comes from, for the session it may open; null: not known. */
export type From = { readonly address: string | null; readonly userAgent: string | null }

/** A field of a form that carries JSON: next-auth's own client sends forms. */
const json = z.string().max(65_536).transform((text, context): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    context.addIssue('is not JSON')
    return z.NEVER
  }
})
const form = z.object({ step: json })

/**
 * next-auth's settings. Its cookie only points at a session in the database. Every provider answers who it is and what they
 * showed (`User` in next-auth.d.ts); the session is opened from that in one place, the `jwt` callback.
 *
 *   credentials   e-mail address and password of somebody without a second factor, in one go
 *   second-step   `step`: JSON of the ticket from `signIn.begin` and a second factor (NONE: there is none)
 *   passkey       `step`: JSON of the ticket from `signIn.passkey` and what the passkey signed
 */
export function authOptions(from: From): AuthOptions {
  return {
    secret: env().NEXTAUTH_SECRET,
    session: { strategy: 'jwt', maxAge: SESSION_SECONDS },
    useSecureCookies: isSecure(),
    pages: { signIn: '/sign-in', error: '/sign-in' },
    providers: [
      Credentials({
        credentials: { email: {}, password: {} },
        authorize: (input) => answer(credentials, input, async (given): Promise<SignedIn> => {
          const found = await checkPassword(given, from.address)
          if ((await secondStepsOf(found)).enrolled) throw new DomainError('SECOND_FACTOR_NEEDED', 'This person has a second factor: sign in through the sign-in page.')
          return { person: found, factors: ['PASSWORD'] }
        }),
      }),
      Credentials({ id: 'second-step', credentials: { step: {} }, authorize: (input) => answer(form, input, ({ step }) => answerTo(secondStep, step, (given) => finishSecondStep(given, from.address, new Date()))) }),
      Credentials({ id: 'passkey', credentials: { step: {} }, authorize: (input) => answer(form, input, ({ step }) => answerTo(passkeyStep, step, (given) => finishPasskey(given, from.address, new Date()))) }),
    ],
    callbacks: {
      jwt: async ({ token, user }) => {
        // A call without a person is about the cookie that is there; next-auth adds names and addresses to it, which have no place there.
        if (user?.person === undefined) return typeof token.sessionToken === 'string' ? { sessionToken: token.sessionToken } : {}
        return { sessionToken: await open(user.person, user.factors ?? [], from) }
      },
      session: async ({ session, token }) => {
        const found = await sessionOf(token.sessionToken ?? null, false)
        return { expires: session.expires, ...(found === null || found.restricted ? {} : { person: found.person }) }
      },
    },
    events: {
      signOut: async ({ token }) => {
        const found = await sessionOf(token.sessionToken ?? null, false)
        if (found) await inScope(db(), scopeOf(found.person, from.address), (tx) => endSession(tx, found.person, found.id, new Date()))
      },
    },
  }
}

async function open(who: Person, factors: readonly SignedIn['factors'][number][], from: From): Promise<string> {
  if (factors.length === 0) throw new Error('A provider of next-auth answered a person without the factors they showed.')
  const token = randomBytes(32).toString('base64url')
  await inScope(db(), scopeOf(who, from.address), (tx) => openSession(tx, who, { token, factors, userAgent: from.userAgent, now: new Date() }))
  return token
}

/** `work` with the parsed input; null, next-auth's word for refused, where it is none. */
async function answerTo<T, R>(schema: z.ZodType<T>, input: unknown, work: (given: T) => Promise<R>): Promise<R | null> {
  const parsed = schema.safeParse(input)
  return parsed.success ? work(parsed.data) : null
}

/** The same as a `User`. next-auth tells its client the message of what is thrown: a rule's code, and nothing of what nobody foresaw. */
async function answer<T>(schema: z.ZodType<T>, input: unknown, work: (given: T) => Promise<SignedIn | null>) {
  try {
    const found = await answerTo(schema, input, work)
    return found && { id: found.person.userId, person: found.person, factors: found.factors }
  } catch (error) {
    if (error instanceof DomainError) throw new Error(error.code, { cause: error })
    log().error({ err: error }, 'a sign-in failed')
    throw new Error('UNEXPECTED', { cause: error })
  }
}

/**
 * The session of this request, or null; looked up at every request. Read once in a page. `touch` false: a page asks by itself,
 * nobody is at it.
 */
export const currentSession = cache(async (touch: boolean = true): Promise<CurrentSession | null> => sessionOf(await tokenOf((await cookies()).get(sessionCookie())?.value), touch))

/** Who is signed in for this request; null also for a session that may only enrol a second factor. */
export const currentPerson = cache(async (): Promise<Person | null> => {
  const session = await currentSession()
  return session === null || session.restricted ? null : session.person
})
