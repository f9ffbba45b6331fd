import 'server-only'
import { createHash } from 'node:crypto'
import { isIPv6 } from 'node:net'
import { DomainError } from '@driftless/domain'
import { RateLimiterPostgres, RateLimiterRes } from 'rate-limiter-flexible'
import { z } from 'zod'
import { db } from './db.ts'
import { log } from './log.ts'

const MINUTE_S = 60
/** A person mistypes a few times; a dictionary needs thousands. */
const TRIES_A_PERSON = { points: 10, duration: 5 * MINUTE_S }
/** An office behind one address signs in between eight and nine. */
const TRIES_AN_ADDRESS = { points: 100, duration: 5 * MINUTE_S }
/** Each try costs an argon2 hash of some 20 ms and 19 MiB; this keeps one process answering. */
const TRIES_ALL = { points: 300, duration: MINUTE_S }
/** Of a six-digit code three are right at a time: fifty tries a day find one in twenty years, on average. */
const CODES_A_WHILE = { points: 10, duration: 15 * MINUTE_S }
const CODES_A_DAY = { points: 50, duration: 24 * 60 * MINUTE_S }

/** Calendar programs ask every few minutes; many people sit behind one address. */
const LINKS_AN_ADDRESS = { points: 240, duration: MINUTE_S }

const counted = z.array(z.object({ points: z.number(), expire: z.bigint().nullable().transform(Number) }))

/** What the limiter asks, through the portal's own client. */
const store = {
  query: async ({ text, values }: { text: string; values: unknown[] }) => {
    const rows = counted.parse(await db().$queryRawUnsafe(text, ...values))
    return { rows, rowCount: rows.length }
  },
}
const limiter = (keyPrefix: string, limit: { points: number; duration: number }, clears = false) =>
  new RateLimiterPostgres({ storeClient: store, storeType: 'client', tableName: 'rate_limit', tableCreated: true, clearExpiredByTimeout: clears, keyPrefix, ...limit })

const byPerson = limiter('sign-in-person', TRIES_A_PERSON)
const byAddress = limiter('sign-in-address', TRIES_AN_ADDRESS)
const all = limiter('sign-in-all', TRIES_ALL, true)
const linksByAddress = limiter('link-address', LINKS_AN_ADDRESS)
const codesAWhile = limiter('code', CODES_A_WHILE)
const codesADay = limiter('code-day', CODES_A_DAY)

export const TOO_MANY_TRIES = 'TOO_MANY_TRIES'
const tooMany = () => new DomainError(TOO_MANY_TRIES, 'Too many attempts. Wait five minutes and try again.')

/** Whether one more try goes; `first`: the one that just was too many, to be written down once. Throws SIGN_IN_UNAVAILABLE when the store does not answer: then nobody gets in. */
async function consume(one: RateLimiterPostgres, key: string): Promise<{ allowed: boolean; first: boolean }> {
  try {
    await one.consume(key)
    return { allowed: true, first: false }
  } catch (refused) {
    if (refused instanceof RateLimiterRes) return { allowed: false, first: refused.consumedPoints === one.points + 1 }
    log().error({ err: refused }, 'tries of sign-in cannot be counted: nobody gets in until the store answers')
    throw new DomainError('SIGN_IN_UNAVAILABLE', 'Signing in is not possible right now. Try again in a minute.')
  }
}

/** One more try from this network address (null: not known), of whatever kind. TOO_MANY_TRIES, SIGN_IN_UNAVAILABLE. */
export async function countAttempt(address: string | null): Promise<void> {
  if (!(await consume(all, 'all')).allowed) throw tooMany()
  if (address !== null && !(await consume(byAddress, networkOf(address))).allowed) throw tooMany()
}

/** One more look at what a secret link leads to, from this network address; false: too many. Not among those of signing in: a calendar that asks too often keeps nobody out. SIGN_IN_UNAVAILABLE. */
export async function countLink(address: string | null): Promise<boolean> {
  return (await consume(linksByAddress, address === null ? 'unknown' : networkOf(address))).allowed
}

/** One more password for this e-mail address; `onFirst` is told of the one that just was too many. TOO_MANY_TRIES, SIGN_IN_UNAVAILABLE. */
export async function countPassword(email: string, onFirst: () => void): Promise<void> {
  const { allowed, first } = await consume(byPerson, keyOf(email))
  if (first) onFirst()
  if (!allowed) throw tooMany()
}

/** The right password: earlier mistakes no longer count. */
export async function forgetPasswords(email: string): Promise<void> {
  await byPerson.delete(keyOf(email))
}

/** One more code, passkey or repeated password of a person who is known already. TOO_MANY_TRIES, SIGN_IN_UNAVAILABLE. */
export async function countProof(userId: string): Promise<void> {
  if (!(await consume(codesAWhile, userId)).allowed || !(await consume(codesADay, userId)).allowed) throw tooMany()
}

export async function forgetProofs(userId: string): Promise<void> {
  await codesAWhile.delete(userId)
  await codesADay.delete(userId)
}

/** Whoever reads the table learns no addresses from it, and a long one takes no more room. */
function keyOf(email: string): string {
  return createHash('sha256').update(email).digest('base64url')
}

/** Somebody with IPv6 has all of a /64. */
export function networkOf(address: string): string {
  if (!isIPv6(address)) return address
  const [head = '', tail] = address.split('::')
  const groups = head === '' ? [] : head.split(':')
  const rest = tail === undefined || tail === '' ? [] : tail.split(':')
  const zeros = tail === undefined ? 0 : Math.max(8 - groups.length - rest.length, 0)
  return [...groups, ...new Array<string>(zeros).fill('0'), ...rest].slice(0, 4).map((group) => Number.parseInt(group, 16).toString(16)).join(':')
}
