import 'server-only'
import { DomainError, isLoopback } from '@driftless/domain'
import { z } from 'zod'
import { isLocalInstallation } from '@/env.ts'

/** Servers answer in tens of milliseconds and with a few kilobytes; nobody waits, or reads, longer than this. */
const TIMEOUT_MS = 5_000
const MOST_BYTES = 256 * 1024

const metadata = z.object({
  issuer: z.string(), authorization_endpoint: z.url(), token_endpoint: z.url(), jwks_uri: z.url(), userinfo_endpoint: z.url().optional(),
  token_endpoint_auth_methods_supported: z.array(z.string()).default(['client_secret_basic']),
})

/** An OpenID Connect server's endpoints (OpenID Connect Discovery 1.0), each of them checked. */
export type Discovered = { issuer: string; authorization: string; token: string; jwks: string; userinfo: string | null; postsSecret: boolean }

const failed = (issuer: string, reason: string) => new DomainError('DISCOVERY_FAILED', `${issuer} could not be used: ${reason}`, { issuer, reason })

/** https, or http on this machine where the portal itself is one machine's own; never with a password in it. */
function isAllowed(address: string): boolean {
  const url = new URL(address)
  if (url.username !== '' || url.password !== '') return false
  return url.protocol === 'https:' || (url.protocol === 'http:' && isLocalInstallation() && isLoopback(address))
}

/** Asks a server for its endpoints: no redirects, bounded in time and size. DISCOVERY_FAILED with what was wrong. */
export async function discover(issuer: string): Promise<Discovered> {
  if (!URL.canParse(issuer) || !isAllowed(issuer)) throw failed(issuer, 'only https is allowed')
  const text = await read(issuer, `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`)
  const found = metadata.safeParse(parseJson(text))
  if (!found.success) throw failed(issuer, `its answer is no OpenID Connect configuration (${found.error.issues[0]?.path.join('.') ?? ''})`)
  const { data } = found
  // A server that speaks for another could have its people taken for that one's (RFC 8414, 3.3).
  if (data.issuer.replace(/\/$/, '') !== issuer.replace(/\/$/, '')) throw failed(issuer, `it calls itself ${data.issuer}`)
  const endpoints = [data.authorization_endpoint, data.token_endpoint, data.jwks_uri, ...(data.userinfo_endpoint === undefined ? [] : [data.userinfo_endpoint])]
  if (!endpoints.every(isAllowed)) throw failed(issuer, 'one of its endpoints is not https')
  const methods = data.token_endpoint_auth_methods_supported
  return {
    issuer: data.issuer, authorization: data.authorization_endpoint, token: data.token_endpoint, jwks: data.jwks_uri, userinfo: data.userinfo_endpoint ?? null,
    postsSecret: !methods.includes('client_secret_basic') && methods.includes('client_secret_post'),
  }
}

async function read(issuer: string, url: string): Promise<string> {
  try {
    const response = await fetch(url, { redirect: 'manual', cache: 'no-store', signal: AbortSignal.timeout(TIMEOUT_MS), headers: { accept: 'application/json' } })
    if (response.status !== 200 || response.body === null) {
      await response.body?.cancel()
      throw failed(issuer, response.status >= 300 && response.status < 400 ? 'it answered with a redirect' : `it answered with status ${response.status}`)
    }
    return await bounded(issuer, response.body)
  } catch (error) {
    if (error instanceof DomainError) throw error
    // Names no host and no errno: an administrator must not be able to map a network by what differs between them.
    throw failed(issuer, error instanceof Error && error.name === 'TimeoutError' ? 'it did not answer in time' : 'it did not answer')
  }
}

async function bounded(issuer: string, body: ReadableStream<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of body) {
    bytes += chunk.byteLength
    if (bytes > MOST_BYTES) throw failed(issuer, 'its answer is too long')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

/** A server moves its endpoints rarely, and is asked at every sign-in. */
const KEPT_MS = 10 * 60_000
const kept = new Map<string, { at: number; found: Discovered }>()

/** As `discover`, remembered for ten minutes. */
export async function discovered(issuer: string): Promise<Discovered> {
  const known = kept.get(issuer)
  if (known && Date.now() - known.at < KEPT_MS) return known.found
  const found = await discover(issuer)
  kept.set(issuer, { at: Date.now(), found })
  return found
}
