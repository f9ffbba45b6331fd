import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import NextAuth from 'next-auth'
import type { AuthOptions, User } from 'next-auth'

/** What next-auth asks of a framework's request and response. */
type Answer = ServerResponse & { status?: (code: number) => Answer; send?: (body: unknown) => void; json?: (body: unknown) => void; redirect?: (code: number, to: string) => void }

/**
 * next-auth below /api/auth on plain HTTP, with the options of each call's own as the portal's route makes them: without Next's
 * pages, with the browser's way through it. `entered`: whom it opened a session for.
 */
export async function startAuthServer(optionsFor: (path: string[], base: AuthOptions) => Promise<AuthOptions | null>) {
  const entered: User[] = []
  const base: AuthOptions = {
    secret: 'a secret of this test only', session: { strategy: 'jwt' }, pages: { signIn: '/sign-in', error: '/sign-in' }, providers: [], logger: { error() {}, warn() {}, debug() {} },
    callbacks: { jwt: ({ token, user }) => { if (user !== undefined) entered.push(user); return token } },
  }
  const server = createServer((request, plain) => void answer(request, plain).catch((error: unknown) => plain.writeHead(500).end(String(error))))
  const answer = async (request: IncomingMessage, plain: ServerResponse): Promise<void> => {
    const url = new URL(request.url ?? '/', 'http://localhost')
    const path = url.pathname.split('/').slice(3)
    const options = url.pathname.startsWith('/api/auth/') ? await optionsFor(path, base) : null
    if (options === null) return void plain.writeHead(404).end()
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(Buffer.from(chunk))
    const cookies = Object.fromEntries((request.headers.cookie ?? '').split('; ').filter(Boolean).map((pair) => [pair.slice(0, pair.indexOf('=')), decodeURIComponent(pair.slice(pair.indexOf('=') + 1))]))
    const response: Answer = plain
    response.status = (code) => { response.statusCode = code; return response }
    response.send = (body) => void response.end(typeof body === 'string' ? body : JSON.stringify(body))
    response.json = (body) => void response.setHeader('content-type', 'application/json').end(JSON.stringify(body))
    response.redirect = (code, to) => void response.writeHead(code, { location: to }).end()
    const asked = Object.assign(request, { query: { ...Object.fromEntries(url.searchParams), nextauth: path }, cookies, body: Object.fromEntries(new URLSearchParams(Buffer.concat(chunks).toString('utf8'))) })
    await NextAuth(options)(asked, response)
  }
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve))
  const address = server.address()
  return {
    entered,
    origin: `http://localhost:${typeof address === 'object' ? address?.port : ''}`,
    close: () => {
      server.closeAllConnections()
      return new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}

const STEP_MS = 10_000

/** A browser without pages: follows where it is sent, keeps cookies by host and port. */
export class Visitor {
  readonly #jar = new Map<string, Map<string, string>>()

  /** Follows redirects until `until` says stop; resolves with the last response and its address. */
  async go(to: string, init: RequestInit = {}, until: (url: string) => boolean = () => false): Promise<{ url: string; response: Response }> {
    let url = to
    let how = init
    for (let hops = 0; hops < 20; hops++) {
      const response = await this.ask(url, how)
      const location = response.headers.get('location')
      if (location === null) return { url, response }
      url = new URL(location, url).href
      if (until(url)) return { url, response }
      how = {}
    }
    throw new Error(`Sent about too often, at last to ${url}.`)
  }

  async ask(url: string, init: RequestInit = {}): Promise<Response> {
    const { host } = new URL(url)
    const jar = this.#jar.get(host) ?? new Map<string, string>()
    this.#jar.set(host, jar)
    const headers = new Headers(init.headers)
    headers.set('cookie', [...jar].map(([name, value]) => `${name}=${value}`).join('; '))
    const response = await fetch(url, { ...init, redirect: 'manual', signal: AbortSignal.timeout(STEP_MS), headers })
    for (const cookie of response.headers.getSetCookie()) {
      const [pair = ''] = cookie.split(';')
      const at = pair.indexOf('=')
      if (/max-age=0|expires=thu, 01 jan 1970/i.test(cookie)) jar.delete(pair.slice(0, at))
      else jar.set(pair.slice(0, at), pair.slice(at + 1))
    }
    return response
  }

  /** Sends a form. */
  post(url: string, fields: Record<string, string>, until?: (url: string) => boolean) {
    return this.go(url, { method: 'POST', body: new URLSearchParams(fields), headers: { 'content-type': 'application/x-www-form-urlencoded' } }, until)
  }
}
