import SuperJSON from 'superjson'
import { z } from 'zod'

/** A request to the portal gets this long; its pages answer in milliseconds, a cold start in seconds. */
const REQUEST_TIMEOUT_MS = 30_000

/** The portal answered, and said no. */
export class PortalRefusal extends Error {
  readonly code: string
  constructor(procedure: string, code: string, message: string) {
    super(`${procedure}: ${message} (${code})`)
    this.name = 'PortalRefusal'
    this.code = code
  }
}

const answer = z.union([
  z.object({ result: z.object({ data: z.object({ json: z.unknown(), meta: z.unknown().optional() }) }) }),
  z.object({ error: z.object({ json: z.object({ message: z.string(), data: z.object({ refusal: z.object({ code: z.string() }) }) }) }) }),
])

/** A person signed in to the portal: what a browser would send, without the browser. */
export type Person = {
  readonly email: string
  /** Asks a query; the answer is parsed by `schema`. Rejects with `PortalRefusal`. */
  query<T>(procedure: string, input: unknown, schema: z.ZodType<T>): Promise<T>
  /** Does a mutation; the answer is parsed by `schema`. Rejects with `PortalRefusal`. */
  mutate<T>(procedure: string, input: unknown, schema: z.ZodType<T>): Promise<T>
  /** Downloads a JSON file of the portal; the answer is parsed by `schema`. */
  download<T>(path: string, schema: z.ZodType<T>): Promise<T>
  /** Any request with the session's cookies, as it is answered; redirects are not followed. */
  request(path: string, init?: RequestInit): Promise<Response>
}

/** Signs in with an e-mail address and a password, as the sign-in page does, and keeps the session's cookies. */
export async function signIn(origin: string, email: string, password: string): Promise<Person> {
  const cookies = new Map<string, string>()

  async function request(path: string, init: RequestInit = {}): Promise<Response> {
    const headers = new Headers(init.headers)
    headers.set('cookie', [...cookies].map(([name, value]) => `${name}=${value}`).join('; '))
    headers.set('origin', origin)
    const response = await fetch(origin + path, { ...init, headers, redirect: 'manual', signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS) })
    for (const line of response.headers.getSetCookie()) {
      const pair = line.split(';', 1)[0] ?? ''
      const at = pair.indexOf('=')
      if (at > 0) cookies.set(pair.slice(0, at), pair.slice(at + 1))
    }
    return response
  }

  async function call<T>(kind: 'query' | 'mutation', procedure: string, input: unknown, schema: z.ZodType<T>): Promise<T> {
    const body = JSON.stringify(SuperJSON.serialize(input))
    const response = kind === 'query'
      ? await request(`/api/trpc/${procedure}?input=${encodeURIComponent(body)}`)
      : await request(`/api/trpc/${procedure}`, { method: 'POST', body, headers: { 'content-type': 'application/json' } })
    const parsed = answer.parse(await response.json())
    if ('error' in parsed) {
      const { message, data } = parsed.error.json
      throw new PortalRefusal(procedure, data.refusal.code, message)
    }
    const { json, meta } = parsed.result.data
    return schema.parse(SuperJSON.parse(JSON.stringify({ json, meta })))
  }

  const { csrfToken } = z.object({ csrfToken: z.string() }).parse(await (await request('/api/auth/csrf')).json())
  await request('/api/auth/callback/credentials', { method: 'POST', body: new URLSearchParams({ csrfToken, email, password, json: 'true' }) })
  const session = z.object({ person: z.object({ name: z.string() }).optional() }).parse(await (await request('/api/auth/session')).json())
  if (!session.person) throw new Error(`The portal refused to sign ${email} in.`)

  return {
    email,
    request,
    query: (procedure, input, schema) => call('query', procedure, input, schema),
    mutate: (procedure, input, schema) => call('mutation', procedure, input, schema),
    async download(path, schema) {
      const response = await request(path)
      if (response.status !== 200) throw new PortalRefusal(path, String(response.status), 'the download was refused')
      return schema.parse(await response.json())
    },
  }
}
