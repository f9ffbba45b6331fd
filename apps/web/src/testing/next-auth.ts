import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import NextAuth from 'next-auth'
import type { NextApiRequest, NextApiResponse } from 'next'
import { z } from 'zod'

/** Where the test's browsers say they come from. */
export const TEST_ADDRESS = '192.0.2.7'
export const TEST_BROWSER = 'Mozilla/5.0 (X11; Linux x86_64; rv:150.0) Gecko/20100101 Firefox/150.0'

/** next-auth with the portal's settings behind an HTTP server of its own: the handlers that the route runs, without the rest of Next. */
export async function serveNextAuth(address: () => string = () => TEST_ADDRESS) {
  const { authOptions } = await import('@/server/auth.ts')
  const server = createServer((request, response) => {
    void readBody(request).then((body) => NextAuth(asNextRequest(request, body), asNextResponse(response), authOptions({ address: address(), userAgent: request.headers['user-agent'] ?? null })))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = z.object({ port: z.number() }).parse(server.address())
  return { origin: `http://127.0.0.1:${port}`, close: () => new Promise<void>((resolve) => void server.close(() => resolve())) }
}

async function readBody(request: IncomingMessage): Promise<Record<string, string>> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(Buffer.from(z.instanceof(Uint8Array).parse(chunk)))
  return Object.fromEntries(new URLSearchParams(Buffer.concat(chunks).toString()))
}

function asNextRequest(request: IncomingMessage, body: Record<string, string>): NextApiRequest {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://portal.test')
  const cookies = Object.fromEntries((request.headers.cookie ?? '').split('; ').map((pair) => [pair.slice(0, pair.indexOf('=')), decodeURIComponent(pair.slice(pair.indexOf('=') + 1))]))
  return Object.assign(request, { query: { ...Object.fromEntries(searchParams), nextauth: pathname.split('/').slice(3) }, cookies, body, env: {} })
}

function asNextResponse(response: ServerResponse): NextApiResponse {
  const unused = (): never => {
    throw new Error('next-auth does not use this.')
  }
  const next: NextApiResponse = Object.assign(response, {
    status: (code: number) => {
      response.statusCode = code
      return next
    },
    json: (body: unknown) => void response.setHeader('content-type', 'application/json').end(JSON.stringify(body)),
    send: (body: unknown) => void (typeof body === 'object' ? response.setHeader('content-type', 'application/json').end(JSON.stringify(body)) : response.end(body)),
    redirect: unused, setDraftMode: unused, setPreviewData: unused, clearPreviewData: unused, revalidate: unused,
  })
  return next
}

const answered = z.object({ url: z.string().transform((url) => new URL(url)) })

/** A browser at next-auth's handlers, with cookies of its own. */
export function browserAt(origin: string) {
  const cookies = new Map<string, string>()
  async function request(path: string, form?: Record<string, string>): Promise<Response> {
    const response = await fetch(origin + path, {
      method: form ? 'POST' : 'GET', redirect: 'manual', ...(form ? { body: new URLSearchParams(form) } : {}),
      headers: { 'cookie': [...cookies].map(([name, value]) => `${name}=${value}`).join('; '), 'user-agent': TEST_BROWSER },
    })
    for (const line of response.headers.getSetCookie()) {
      const [name = '', value = ''] = (line.split(';')[0] ?? '').split(/=(.*)/s)
      cookies.set(name, decodeURIComponent(value))
    }
    return response
  }
  const csrf = async () => z.object({ csrfToken: z.string() }).parse(await (await request('/api/auth/csrf')).json()).csrfToken
  return {
    request,
    /** Posts to one of next-auth's providers; resolves to what it was refused with, null when it was not. */
    async post(provider: string, fields: Record<string, string>): Promise<string | null> {
      const response = await request(`/api/auth/callback/${provider}`, { csrfToken: await csrf(), json: 'true', ...fields })
      return answered.parse(await response.json()).url.searchParams.get('error')
    },
    async signOut(): Promise<void> {
      await request('/api/auth/signout', { csrfToken: await csrf(), json: 'true' })
    },
    /** What next-auth says of the session, as programs read it. */
    session: async () => z.object({ person: z.object({ name: z.string() }).optional() }).parse(await (await request('/api/auth/session')).json()),
    /** The cookie as the browser has it. */
    cookie: () => cookies.get('next-auth.session-token'),
  }
}
