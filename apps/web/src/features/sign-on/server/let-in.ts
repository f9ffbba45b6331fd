import 'server-only'
import { enterBySignOn, inScope, noteSignOnRefused } from '@driftless/db'
import type { SignOn } from '@driftless/db'
import type { User } from 'next-auth'
import { RateLimiterMemory } from 'rate-limiter-flexible'
import { z } from 'zod'
import { DEFAULT_LOCALE, isLocale } from '@/i18n/locales.ts'
import { db } from '@/server/db.ts'
import { log } from '@/server/log.ts'

/** Some servers say it in a word. */
const flag = z.union([z.boolean(), z.enum(['true', 'false']).transform((word) => word === 'true')]).catch(false)
export const claims = z.object({
  iss: z.string(), sub: z.string().min(1).max(255), email: z.email().max(254).nullable().catch(null), email_verified: flag.default(false),
  name: z.string().trim().min(1).max(120).optional().catch(undefined), locale: z.string().optional().catch(undefined),
})

const scopeOfConnection = (signOn: SignOn, address: string | null) => ({ kind: 'provider', providerId: signOn.providerId, actor: { kind: 'SYSTEM', id: null, name: 'Sign-on', address } }) as const

/**
 * Who a connection's server vouches for, as next-auth's user: with person and factors, or with the reason why not. `input`: the
 * claims of an ID token whose signature, issuer, audience and nonce were checked.
 */
export async function letIn(signOn: SignOn, input: unknown, address: string | null): Promise<User> {
  const { iss, sub, email, email_verified: emailVerified, name, locale } = claims.parse(input)
  const language = locale?.slice(0, 2)
  const fresh = { name: name ?? email ?? sub, locale: isLocale(language) ? language : DEFAULT_LOCALE }
  const outcome = await inScope(db(), scopeOfConnection(signOn, address), (tx) => enterBySignOn(tx, signOn, { issuer: iss, subject: sub, email, emailVerified }, fresh, new Date()))
  if (outcome.kind === 'REFUSED') {
    log().info({ event: 'sign-on-refused', connectionId: signOn.id, reason: outcome.reason }, 'sign-on refused')
    return { id: sub, refused: outcome.reason }
  }
  const { id: userId, ...person } = outcome.person
  return { id: userId, person: { userId, name: person.name, email: person.email, role: person.role, tenantId: person.tenantId, providerId: person.providerId }, factors: ['SSO'] }
}

/** Anybody can call a callback with nonsense: the log of what people did is not for them to fill. */
const NOTED_A_MINUTE = 10
const noted = new RateLimiterMemory({ points: NOTED_A_MINUTE, duration: 60 })

/** Writes down that a connection's callback came with something that was not in order: another state, nonce, issuer or audience. */
export async function noteBroken(signOn: SignOn, address: string | null): Promise<void> {
  log().warn({ event: 'sign-on-broken', connectionId: signOn.id }, 'a sign-on came back with something that is not in order')
  try {
    await noted.consume(signOn.id)
  } catch {
    return
  }
  await inScope(db(), scopeOfConnection(signOn, address), (tx) => noteSignOnRefused(tx, signOn, 'PROTOCOL'))
}
