import 'reflect-metadata'
import { createServer } from 'node:http'
import type { IncomingHttpHeaders, IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { webcrypto } from 'node:crypto'
import * as x509 from '@peculiar/x509'

const HOUR_MS = 3_600_000
const KEY = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const

export type Received = { readonly headers: Readonly<Record<string, string>>; readonly body: string; readonly path: string }
export type Answer = (response: ServerResponse, received: Received) => void
export const answering = (status: number, headers: Record<string, string> = {}, body = ''): Answer => (response) => void response.writeHead(status, headers).end(body)
export type Identity = { readonly key: string; readonly cert: string }

/** A certificate for `name`, signed by itself. PEM. */
export async function identityFor(name: string): Promise<Identity> {
  const keys = await webcrypto.subtle.generateKey(KEY, true, ['sign', 'verify'])
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: `CN=${name}`, keys, signingAlgorithm: KEY, notBefore: new Date(Date.now() - HOUR_MS), notAfter: new Date(Date.now() + HOUR_MS),
    extensions: [new x509.SubjectAlternativeNameExtension([{ type: 'dns', value: name }])],
  })
  return { key: x509.PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey), 'PRIVATE KEY'), cert: certificate.toString('pem') }
}

/** A receiver of webhooks on a port of its own at `host`; over TLS with `identity`. What it answers may be changed at any time. */
export async function openReceiver({ identity, host = '127.0.0.1', answer = answering(204) }: { identity?: Identity; host?: string; answer?: Answer } = {}) {
  const received: Received[] = []
  let connections = 0
  let open = 0
  let mostOpen = 0
  const receiver = { answer }
  const onRequest = async (request: IncomingMessage, response: ServerResponse) => {
    open += 1
    mostOpen = Math.max(mostOpen, open)
    response.on('close', () => { open -= 1 })
    let body = ''
    for await (const piece of request.setEncoding('utf8')) body += String(piece)
    const one = { headers: flat(request.headers), body, path: request.url ?? '' }
    received.push(one)
    receiver.answer(response, one)
  }
  const listener: RequestListener = (request, response) => void onRequest(request, response).catch(() => {})
  const server = identity ? createTlsServer(identity, listener) : createServer(listener)
  server.on('connection', () => { connections += 1 })
  await new Promise<void>((resolve) => { server.listen(0, host, resolve) })
  const { port } = addressOf(server.address())
  return Object.assign(receiver, {
    port, received, connections: () => connections, /** Requests that were answered at the same time, at most. */ mostOpen: () => mostOpen,
    close: () => new Promise<void>((resolve) => {
      server.closeAllConnections()
      server.close(() => resolve())
    }),
  })
}
export type Receiver = Awaited<ReturnType<typeof openReceiver>>

function flat(headers: IncomingHttpHeaders): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]))
}

function addressOf(address: string | AddressInfo | null): AddressInfo {
  if (address === null || typeof address === 'string') throw new Error('The receiver does not listen on a port.')
  return address
}
