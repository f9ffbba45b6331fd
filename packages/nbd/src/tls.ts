import type { Socket } from 'node:net'
import { connect, createServer } from 'node:tls'
import type { TLSSocket } from 'node:tls'
import { BlockError } from './errors.ts'

/** What a side of a TLS connection proves itself with and demands of the other. PEM throughout. */
export interface NbdTls {
  readonly key: string
  readonly cert: string
  /** The other side's certificate must chain to it: the server's at the client, the client's at the server. */
  readonly ca: string
  /** Client only: the name the server's certificate must carry. Absent: any name under `ca`. */
  readonly serverName?: string
}

/** TLS 1.3 only, both sides authenticated. */
const settings = (tls: NbdTls) => ({ key: tls.key, cert: tls.cert, ca: tls.ca, minVersion: 'TLSv1.3', rejectUnauthorized: true }) as const

const refused = (why: string | undefined) => new BlockError('EPERM', `TLS was not agreed: ${why ?? 'the other side hung up.'}`)

/** Goes on as TLS client over a connected socket; resolves when the server has proven itself. */
export function tlsClient(socket: Socket, tls: NbdTls): Promise<TLSSocket> {
  const name = tls.serverName
  const secure = connect({ ...settings(tls), socket, ...(name === undefined ? { checkServerIdentity: () => undefined } : { servername: name }) })
  return new Promise((resolve, reject) => {
    secure.on('error', (error) => reject(refused(error.message)))
    secure.on('close', () => reject(refused(undefined)))
    secure.once('secureConnect', () => resolve(secure))
  })
}

/** Goes on as TLS server over a connected socket; resolves when the client has proven itself. */
export function tlsServer(socket: Socket, tls: NbdTls): Promise<TLSSocket> {
  // A server that never listens: it alone demands and checks a client's certificate.
  const server = createServer({ ...settings(tls), requestCert: true })
  return new Promise((resolve, reject) => {
    server.once('secureConnection', resolve)
    server.once('tlsClientError', (error, secure) => {
      secure.destroy()
      reject(refused(error.message))
    })
    socket.once('close', () => reject(refused(undefined)))
    server.emit('connection', socket)
  })
}
