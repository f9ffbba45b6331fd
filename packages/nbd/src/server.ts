import { unlink } from 'node:fs/promises'
import { createServer } from 'node:net'
import type { Server, Socket } from 'node:net'
import type { BlockDevice } from './block-device.ts'
import type { NbdAddress } from './client.ts'
import { serveConnection } from './server-connection.ts'
import type { SessionEvent } from './server-connection.ts'
import { ConnectionClosed } from './socket-reader.ts'
import type { NbdTls } from './tls.ts'

/** As many requests as qemu and fio keep in flight at their deepest usual settings, and then some. */
const DEFAULT_IN_FLIGHT = 128
/** A guest has a handful of connections; more is a leak or an attack. */
const MAX_CONNECTIONS = 64

export type NbdServerOptions = NbdAddress & {
  readonly exportName: string
  readonly device: BlockDevice
  /** TLS 1.3 for every client, with a certificate on both sides. Without it a TCP port is open to whoever reaches it. */
  readonly tls?: NbdTls
  /** Writes are refused with EPERM. */
  readonly readOnly?: boolean
  /** Requests of one connection that are worked on at a time. */
  readonly maxInFlight?: number
  /** Told of clients that come through their handshake, and how each is gone. */
  readonly onSession?: (event: SessionEvent) => void
  /** Told of connections that ended in an error; the server itself goes on. */
  readonly onConnectionError?: (error: unknown) => void
}
export interface NbdServer {
  /** Ends every connection; the server goes on. */
  hangUp(): void
  close(): Promise<void>
  connections(): number
  /** The TCP port, also where 0 was asked for; null on a unix socket. */
  readonly port: number | null
}

/**
 * Serves one device on a unix socket or a TCP port until closed. A stale socket file is replaced. Closing ends
 * the connections, waits for requests under way, and leaves the device open: it is the caller's.
 */
export async function serveNbd(options: NbdServerOptions): Promise<NbdServer> {
  const { device, tls, exportName, onConnectionError } = options
  const open = new Map<Socket, Connection>()
  const server = createServer({ noDelay: true, pauseOnConnect: true }, (accepted) => {
    if (open.size >= MAX_CONNECTIONS) return void accepted.destroy()
    accepted.on('error', () => accepted.destroy())
    const connection: Connection = { socket: accepted, ended: Promise.resolve() }
    // What a dead client left in the device must not land on a newer client's writes.
    const settled = async () => {
      await Promise.all([...open.values()].filter((other) => other !== connection && other.socket.destroyed).map(({ ended }) => ended))
    }
    open.set(accepted, connection)
    connection.ended = serveConnection(accepted, {
      device, exportName, tls, settled,
      readOnly: options.readOnly ?? false,
      maxInFlight: options.maxInFlight ?? DEFAULT_IN_FLIGHT,
      onSession: options.onSession,
      onSocket: (socket) => (connection.socket = socket),
    })
      .catch((error: unknown) => {
        if (!(error instanceof ConnectionClosed)) onConnectionError?.(error)
      })
      .finally(() => {
        open.delete(accepted)
        connection.socket.destroy()
      })
  })
  if ('socketPath' in options) await unlink(options.socketPath).catch(() => undefined)
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen('socketPath' in options ? { path: options.socketPath } : { host: options.host, port: options.port }, resolve)
  })
  return {
    port: portOf(server),
    connections: () => open.size,
    hangUp() {
      for (const { socket } of open.values()) socket.destroy()
    },
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      const serving = [...open.values()].map(({ socket, ended }) => {
        socket.destroy()
        return ended
      })
      await Promise.all([...serving, closed])
    },
  }
}

/** A connection: the socket changes when it is taken over, or TLS begins. */
interface Connection {
  socket: Socket
  ended: Promise<void>
}

function portOf(server: Server): number | null {
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : null
}
