import { randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http'
import { ADDRESS_HEADER } from './address-header.ts'
import { MAX_BODY_BYTES } from './body-limit.ts'
import { clientAddress, dropHostile } from './hostile-headers.ts'
import { securityHeaders } from './security-headers.ts'

const NONCE_BYTES = 16
/** Headers and bodies of the portal's pages arrive in well under a second. */
const HEADERS_TIMEOUT_MS = 10_000
const REQUEST_TIMEOUT_MS = 30_000
/** Longer than the minute for which most proxies keep a connection: the one that closes first must be theirs. */
const KEEP_ALIVE_MS = 65_000

export type FrontOptions = {
  /** Next's own. */
  readonly handler: RequestListener
  /** Whether people reach the portal by HTTPS, here or at a proxy. */
  readonly https: boolean
  /** How many proxies of the installation's own stand in front and add to X-Forwarded-For. */
  readonly trustedProxies: number
}

/**
 * The portal's HTTP server, in front of Next: what a client may not say is dropped, where it comes from is noted, every answer
 * carries the security headers. Nothing behind it depends on a middleware of Next's.
 */
export function frontServer({ handler, https, trustedProxies }: FrontOptions): Server {
  const server = createServer((request, response) => {
    const nonce = randomBytes(NONCE_BYTES).toString('base64')
    const headers = securityHeaders(nonce, https)
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value)
    const refused = refusalOf(request)
    if (refused !== null) {
      refuse(request, response, refused)
      return
    }
    const address = clientAddress(request.socket.remoteAddress, request.headers['x-forwarded-for'], trustedProxies)
    dropHostile(request.headers, trustedProxies > 0)
    if (address !== null) request.headers[ADDRESS_HEADER] = address
    // Next puts the nonce that it finds in the request's policy on its own scripts.
    request.headers['content-security-policy'] = headers['content-security-policy']
    request.headers['x-nonce'] = nonce
    handler(request, response)
  })
  server.headersTimeout = HEADERS_TIMEOUT_MS
  server.requestTimeout = REQUEST_TIMEOUT_MS
  server.keepAliveTimeout = KEEP_ALIVE_MS
  // The portal has no use for another protocol on its connections.
  server.on('upgrade', (_request, socket) => socket.destroy())
  return server
}

/** Pages are read, and only calls carry a body, whose length is said beforehand. */
function refusalOf({ method, url, headers }: IncomingMessage): number | null {
  if (method === 'GET' || method === 'HEAD') return null
  if (method !== 'POST' || url?.startsWith('/api/') !== true) return 405
  if (headers['content-length'] === undefined) return 411
  return Number(headers['content-length']) > MAX_BODY_BYTES ? 413 : null
}

function refuse(request: IncomingMessage, response: ServerResponse, status: number): void {
  response.writeHead(status, { connection: 'close', 'content-length': 0 })
  response.end()
  request.resume()
}
