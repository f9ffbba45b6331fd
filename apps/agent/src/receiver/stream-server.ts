import { createServer } from 'node:tls'
import type { Server, TLSSocket } from 'node:tls'
import type { Logger } from 'pino'
import type { Connection } from '../stream/connection.ts'
import { tlsSettings } from '../stream/identity.ts'
import type { Credentials } from '../stream/identity.ts'
import { serveSession } from './disk-session.ts'
import type { Admit, JoinLanes, TurnRound } from './disk-session.ts'
import { LaneGroups } from './lane-groups.ts'
import type { ProbeAdmission } from './probe-session.ts'
import { keepYoungGenerationSmall } from './young-generation.ts'

/** One connection a disk, four on a long way: 5,000 VMs would have fewer under way at a time. A stranger cannot exhaust the process. */
const MAX_CONNECTIONS = 4_000

/** A peer that has not shown its certificate by then is dropped. */
const HANDSHAKE_TIMEOUT_MS = 10_000

export interface StreamServer {
  readonly port: number
  /** Connections from now on are answered with the credentials as they are now; those that are open go on. */
  useNewCredentials(): void
  close(): Promise<void>
}

/**
 * Listens for source agents. Only peers with a certificate of the gateway's CA get as far as
 * `admit`, which then decides by the certificate's CN. `port` 0 takes any free one.
 */
export async function startStreamServer(options: { host: string; port: number; credentials: Credentials; admit: Admit; turnRound?: TurnRound; probes?: ProbeAdmission; log: Logger }): Promise<StreamServer> {
  const { log } = options
  keepYoungGenerationSmall()
  const sockets = new Set<TLSSocket>()
  const server = createServer({ ...tlsSettings(options.credentials), requestCert: true, handshakeTimeout: HANDSHAKE_TIMEOUT_MS })
  const serve = (connection: Connection, peerAgentId: string, joinLanes: JoinLanes | null) => {
    connection.on('error', () => {}) // the session's reads reject with it
    void serveSession(connection, peerAgentId, options.admit, options.turnRound, null, joinLanes, options.probes).then((error) => {
      if (error !== null) log.debug({ peerAgentId, reason: error.message }, 'stream session ended')
    })
  }
  const groups = new LaneGroups((peerAgentId, bundle) => serve(bundle, peerAgentId, null))
  server.maxConnections = MAX_CONNECTIONS
  server.on('secureConnection', (socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    const peer = socket.getPeerCertificate().subject?.CN
    serve(socket, typeof peer === 'string' ? peer : '', (peerAgentId, lanes, lane) => groups.join(peerAgentId, lanes, lane))
  })
  server.on('tlsClientError', (error, socket) => log.info({ reason: error.message, peer: socket.remoteAddress }, 'stream connection refused'))
  await listen(server, options.host, options.port)
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('The stream server has no port.')
  return {
    port: address.port,
    useNewCredentials: () => server.setSecureContext(tlsSettings(options.credentials)),
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      server.off('error', reject)
      resolve()
    })
  })
}
