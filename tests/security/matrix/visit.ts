/** Calls of the matrix as they go over the wire, and what is heard back. */
import SuperJSON from 'superjson'
import { z } from 'zod'
import type { Verdict } from './rows.ts'

/** What a client that wants to pass for our own server, a proxy, or Next's inner machinery would send. */
export const HOSTILE_HEADERS: Readonly<Record<string, string>> = {
  'x-middleware-subrequest': 'middleware:middleware:middleware:middleware:middleware',
  'x-middleware-rewrite': '/overview',
  'x-middleware-next': '1',
  'x-invoke-path': '/overview',
  'x-matched-path': '/overview',
  'x-nextjs-data': '1',
  'x-driftless-address': '127.0.0.1',
  'x-forwarded-for': '127.0.0.1',
  'x-forwarded-host': 'evil.example',
  'x-original-url': '/api/health',
  'x-rewrite-url': '/api/health',
  'x-http-method-override': 'GET',
}

/** Sends one request; with or without a session's cookies. */
export type Request = (path: string, init?: RequestInit) => Promise<Response>

export type Heard = { readonly verdict: Verdict | 'UNEXPECTED'; /** The answer without what differs from call to call. */ readonly text: string; readonly code: string }

const refused = z.object({ error: z.object({ json: z.object({ data: z.object({ refusal: z.object({ code: z.string(), params: z.unknown() }) }) }) }) })

/** Calls a procedure as the portal's own client would. */
export async function call(request: Request, kind: 'query' | 'mutation' | 'subscription', procedure: string, input: unknown, headers: Readonly<Record<string, string>> = {}): Promise<Heard> {
  const body = JSON.stringify(SuperJSON.serialize(input))
  const response = kind === 'mutation'
    ? await request(`/api/trpc/${procedure}`, { method: 'POST', body, headers: { 'content-type': 'application/json', ...headers } })
    : await request(`/api/trpc/${procedure}?input=${encodeURIComponent(body)}`, { headers })
  const text = await response.text()
  const parsed = refused.safeParse(readJson(text))
  const code = parsed.success ? parsed.data.error.json.data.refusal.code : ''
  return { code, verdict: verdictOfCode(response.status, code), text: `${response.status} ${text.replaceAll(/"requestId":"[^"]*"/g, '')}` }
}

/** Fetches a route. A redirect to the sign-in is what a page says to whoever is signed out. */
export async function fetchRoute(request: Request, path: string, headers: Readonly<Record<string, string>> = {}): Promise<Heard> {
  const response = await request(path, { headers })
  const text = await response.text()
  const signIn = response.status >= 300 && response.status < 400 && (response.headers.get('location') ?? '').includes('/sign-in')
  const said = z.object({ code: z.string() }).safeParse(readJson(text))
  const code = signIn ? 'SIGNED_OUT' : said.success ? said.data.code : ''
  return { code, verdict: verdictOfCode(response.status, code), text: `${response.status} ${text}` }
}

function verdictOfCode(status: number, code: string): Heard['verdict'] {
  if (code === 'SIGNED_OUT' || code === 'FORBIDDEN') return code
  // A customer's own rule says no, and says which one it is.
  if (code === 'NOT_AN_APPROVER') return 'FORBIDDEN'
  if (code.endsWith('_UNKNOWN') || status === 404) return 'NOT_FOUND'
  return status >= 500 || code === 'UNEXPECTED' || code === 'BAD_INPUT' ? 'UNEXPECTED' : 'ALLOWED'
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
