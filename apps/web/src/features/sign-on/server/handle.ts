import 'server-only'
import { DomainError } from '@driftless/domain'
import NextAuth from 'next-auth'
import type { AuthOptions } from 'next-auth'
import type { OAuthConfig } from 'next-auth/providers/oauth'
import { env } from '@/env.ts'
import { addressOf } from '@/server/address.ts'
import { log } from '@/server/log.ts'
import { countAttempt } from '@/server/sign-in-limit.ts'
import { noteBroken } from './let-in.ts'
import { connectionOfPath, signOnProvider } from './provider.ts'

type Context = { params: Promise<{ nextauth: string[] }> }

/** next-auth's `options` for a call that is about one organisation's sign-on: whom it does not let in goes back to the sign-in page, with the reason. */
export function withSignOn(options: AuthOptions, provider: OAuthConfig<unknown>): AuthOptions {
  return {
    ...options,
    providers: [...options.providers, provider],
    callbacks: { ...options.callbacks, signIn: ({ user }) => (user.refused === undefined ? user.person !== undefined : signInUrl(user.refused)) },
  }
}

/** Answers a call below /api/auth that is about an organisation's sign-on, with `options` and that one provider more; null for all others. */
export async function handleSignOn(request: Request, context: Context, options: AuthOptions): Promise<Response | null> {
  const path = (await context.params).nextauth
  const signOn = await connectionOfPath(path)
  if (signOn === null) return null
  const address = addressOf(request.headers)
  // Each start asks the organisation's server: not for strangers to have done at will.
  const limited = path[0] === 'signin' ? await refusalOfAttempt(address) : null
  if (limited !== null) return backToSignIn(request, limited)
  const provider = await signOnProvider(signOn, address).catch((error: unknown) => {
    log().warn({ err: error, connectionId: signOn.id }, 'a sign-on cannot begin')
    return null
  })
  if (provider === null) return backToSignIn(request, 'UNREACHABLE')
  const answer: unknown = await NextAuth(withSignOn(options, provider))(request, context)
  if (!(answer instanceof Response)) throw new TypeError('next-auth answered with no response.')
  if (path[0] !== 'callback' || !isBroken(answer)) return answer
  await noteBroken(signOn, address)
  return backToSignIn(request, 'PROTOCOL', answer)
}

/** Why one more attempt from this address is not let through; null where it is. */
async function refusalOfAttempt(address: string | null): Promise<string | null> {
  try {
    await countAttempt(address)
    return null
  } catch (error) {
    if (error instanceof DomainError) return error.code
    throw error
  }
}

/** next-auth's own words for a state, nonce, issuer, audience or signature that is not what it should be. */
function isBroken(answer: Response): boolean {
  const location = answer.headers.get('location')
  return location !== null && new URL(location, env().NEXTAUTH_URL).searchParams.get('error') !== null
}

const signInUrl = (reason: string) => `${env().NEXTAUTH_URL}/sign-in?refused=${encodeURIComponent(reason)}`

/** A page asked by script gets the address to go to, a browser that was sent here goes there. Cookies that `before` ends are ended. */
function backToSignIn(request: Request, reason: string, before?: Response): Response {
  const headers = new Headers(before?.headers.getSetCookie().map((cookie): [string, string] => ['set-cookie', cookie]))
  if (request.method === 'POST') return Response.json({ url: signInUrl(reason) }, { headers })
  headers.set('location', signInUrl(reason))
  return new Response(null, { status: 302, headers })
}
