import { createServer } from 'node:https'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { TLSSocket } from 'node:tls'
import { GATEWAY_PATHS, MAX_BODY_BYTES } from '@driftless/agent-api'
import { authenticate } from './authenticate.ts'
import { checkProtocol, readJson } from './body.ts'
import type { AgentCall, Gateway } from './call.ts'
import { issueServerCertificate } from './certificates.ts'
import { desired } from './desired.ts'
import { enrol } from './enrol.ts'
import { GatewayError, refusalOf } from './refusals.ts'
import { renew } from './renew.ts'
import { report } from './report.ts'

/** A token and a certificate request; nobody sends more before the gateway knows who it is. */
const MAX_ENROL_BYTES = 16 * 1024
/** A handshake and headers take milliseconds; whoever needs longer holds a socket for nothing. */
const HANDSHAKE_TIMEOUT_MS = 10_000
const HEADERS_TIMEOUT_MS = 10_000
/** 8 MiB on a slow line of 3 Mbit/s. */
const REQUEST_TIMEOUT_MS = 30_000
/** Longer than agents pause between calls, so that they seldom need a new handshake. */
const KEEP_ALIVE_MS = 65_000
/** Before an absence is noted anywhere (30 s), and with room for clocks that differ. */
const ABSENCE_MS = 15_000
/** Two sockets an agent, with room for the bounds of the protocol. */
const MOST_CONNECTIONS = 12_000

export type GatewayServer = { readonly port: number; readonly connections: () => Promise<number>; /** Answers held calls, ends idle connections, waits for the rest. */ readonly close: () => Promise<void> }

const CALLS: Readonly<Record<string, (gateway: Gateway, call: AgentCall) => Promise<unknown>>> = { [GATEWAY_PATHS.desired]: desired, [GATEWAY_PATHS.report]: report, [GATEWAY_PATHS.renew]: renew }

/** Opens the one address that agents call. Certificates are checked by each call, since enrolling needs none. */
export async function openGateway(gateway: Gateway, address: { readonly host: string; readonly port: number; readonly names: readonly { readonly name: string; readonly isAddress: boolean }[] }): Promise<GatewayServer> {
  const { keyPem, chainPem } = await issueServerCertificate(gateway.authority, address.names, new Date())
  const closing = new AbortController()
  const server = createServer(
    {
      key: keyPem, cert: chainPem, ca: gateway.authority.certificatePem, requestCert: true, rejectUnauthorized: false, minVersion: 'TLSv1.3',
      handshakeTimeout: HANDSHAKE_TIMEOUT_MS, headersTimeout: HEADERS_TIMEOUT_MS, requestTimeout: REQUEST_TIMEOUT_MS, keepAliveTimeout: KEEP_ALIVE_MS,
    },
    (request, response) => {
      answer(request, response).catch((error: unknown) => {
        gateway.log.error({ err: error }, 'an answer could not be sent')
        response.destroy()
      })
    },
  )
  server.maxConnections = MOST_CONNECTIONS
  server.on('connection', gateway.sockets.opened)
  server.on('tlsClientError', (error, socket) => {
    gateway.log.debug({ err: error }, 'TLS handshake failed')
    socket.destroy()
  })

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const hungUp = new AbortController()
    response.on('close', () => hungUp.abort())
    const signal = AbortSignal.any([hungUp.signal, closing.signal])
    try {
      const body = await handle(request, signal)
      // A connection that is kept would bring the next call to a gateway that is going away.
      if (closing.signal.aborted) response.setHeader('connection', 'close')
      send(response, 200, body)
    } catch (error) {
      if (hungUp.signal.aborted) return
      const { status, body, ours } = refusalOf(error)
      if (ours) gateway.log.error({ err: error, path: request.url }, 'a call failed')
      else gateway.log.info({ path: request.url, code: body.code, from: request.socket.remoteAddress }, 'a call was refused')
      // What is left of an unread body would be taken for the next request.
      if (!request.complete) response.setHeader('connection', 'close')
      send(response, status, body)
    }
  }

  async function handle(request: IncomingMessage, signal: AbortSignal): Promise<unknown> {
    const path = request.url ?? ''
    const call = CALLS[path]
    if (path !== GATEWAY_PATHS.enrol && !call) throw new GatewayError(404, 'NO_SUCH_CALL', `The gateway has no ${path.slice(0, 100)}.`)
    if (request.method !== 'POST') throw new GatewayError(405, 'POST_ONLY', 'The gateway is called by POST.')
    if (!call) {
      await gateway.enrolLimit(request.socket.remoteAddress ?? '')
      const body = await readJson(request, MAX_ENROL_BYTES)
      checkProtocol(body)
      return enrol(gateway, body, request.socket.remoteAddress ?? null)
    }
    if (!(request.socket instanceof TLSSocket)) throw new GatewayError(401, 'NO_CERTIFICATE', 'The gateway is called by HTTPS.')
    const { agent, renewalDue } = await authenticate(gateway, request.socket)
    // Back from an absence: its migrations may be noted as waiting for it, though it reports nothing new.
    if (!agent.lastContactAt || Date.now() - agent.lastContactAt.getTime() > ABSENCE_MS) gateway.decisive.forget(agent.id)
    const body = await readJson(request, MAX_BODY_BYTES)
    checkProtocol(body)
    return call(gateway, { agent, address: request.socket.remoteAddress ?? null, renewalDue, body, signal })
  }

  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(address.port, address.host, resolve)
  })
  return {
    port: portOf(server.address()),
    connections: () => new Promise((resolve, reject) => server.getConnections((error, count) => (error ? reject(error) : resolve(count)))),
    close: () => new Promise((resolve) => {
      closing.abort()
      server.close(() => resolve())
      server.closeIdleConnections()
    }),
  }
}

function portOf(address: AddressInfo | string | null): number {
  if (address === null || typeof address === 'string') throw new Error('The gateway has no port.')
  return address.port
}

function send(response: ServerResponse, status: number, body: unknown): void {
  if (response.destroyed || response.headersSent) return
  const text = Buffer.from(JSON.stringify(body))
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': text.length })
  response.end(text)
}
