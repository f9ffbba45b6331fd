import type { Socket } from 'node:net'
import { TLSSocket, connect, createSecureContext } from 'node:tls'
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

/** Goes on as TLS client over a connected socket; resolves when the server has proven itself. */
export function tlsClient(socket: Socket, tls: NbdTls): Promise<TLSSocket> {
  const name = tls.serverName
  const secure = connect({ ...settings(tls), socket, ...(name === undefined ? { checkServerIdentity: () => undefined } : { servername: name }) })
  return established(secure, 'secureConnect')
}

/** Goes on as TLS server over a connected socket; resolves when the client has proven itself. */
export function tlsServer(socket: Socket, tls: NbdTls): Promise<TLSSocket> {
  const secure = new TLSSocket(socket, { isServer: true, requestCert: true, rejectUnauthorized: true, secureContext: createSecureContext(settings(tls)) })
  return established(secure, 'secure')
}

function established(secure: TLSSocket, event: string): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const fail = (error?: Error) => {
      secure.destroy()
      reject(new BlockError('EPERM', `TLS was not agreed: ${error?.message ?? 'the other side hung up.'}`))
    }
    const failed = (error: Error) => fail(error)
    const closed = () => fail()
    secure.on('error', failed).on('close', closed)
    secure.once(event, () => {
      // A wrapped socket on the server's side does not refuse by itself: that is tls.Server's work.
      if (!secure.authorized) return fail(secure.authorizationError ?? undefined)
      secure.off('close', closed)
      resolve(secure)
    })
  })
}
