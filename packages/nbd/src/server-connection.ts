import type { Socket } from 'node:net'
import type { BlockDevice } from './block-device.ts'
import { Inlet } from './inlet.ts'
import { NbdProtocolError, OPTION_BYTES, TRANSMISSION } from './protocol.ts'
import { Negotiation, decodeOptionHeader, greeting } from './server-handshake.ts'
import { ConnectionClosed } from './socket-reader.ts'
import { tlsServer } from './tls.ts'
import type { NbdTls } from './tls.ts'
import { Transmission } from './transmission.ts'

/** A client that has not come to the end of its handshake by then is hung up on. */
const HANDSHAKE_LIMIT_MS = 10_000

/** What our exports can do. Several connections see one device, so a flush on one covers all. */
const FLAGS = TRANSMISSION.HAS_FLAGS | TRANSMISSION.SEND_FLUSH | TRANSMISSION.SEND_FUA | TRANSMISSION.SEND_TRIM | TRANSMISSION.SEND_WRITE_ZEROES | TRANSMISSION.SEND_FAST_ZERO | TRANSMISSION.CAN_MULTI_CONN

/** LEFT: the client said so. BROKEN: its connection ended, or it broke the protocol. Everything it asked for has ended by then. */
export type SessionEvent = 'BEGUN' | 'LEFT' | 'BROKEN'

export interface ConnectionOptions {
  readonly device: BlockDevice
  readonly exportName: string
  readonly tls: NbdTls | undefined
  readonly readOnly: boolean
  readonly maxInFlight: number
  /** Resolves when nothing of earlier, dead connections is under way. */
  readonly settled: () => Promise<void>
  /** Told when the client has come through its handshake, and when it is gone after that. */
  readonly onSession: ((event: SessionEvent) => void) | undefined
  /** Told which socket carries the connection, whenever that changes. */
  readonly onSocket: (socket: Socket) => void
}

/** Serves one client from greeting to end. Rejects when it breaks the protocol, or hangs up in mid-handshake (`ConnectionClosed`). */
export async function serveConnection(accepted: Socket, options: ConnectionOptions): Promise<void> {
  const { device, readOnly } = options
  let inlet = enter(new Inlet(accepted, options.tls === undefined), options)
  const limit = setTimeout(() => inlet.socket.destroy(), HANDSHAKE_LIMIT_MS)
  let agreed: Negotiation | null
  try {
    inlet.socket.write(greeting())
    const clientFlags = (await inlet.exactly(4)).readUInt32BE(0)
    const offer = { name: options.exportName, sizeBytes: device.sizeBytes, flags: FLAGS | (readOnly ? TRANSMISSION.READ_ONLY : 0), tlsRequired: options.tls !== undefined }
    agreed = await haggle(inlet, new Negotiation(offer, clientFlags), async () => (inlet = await secure(inlet, options)))
  } finally {
    clearTimeout(limit)
  }
  if (agreed !== null) {
    await options.settled()
    options.onSession?.('BEGUN')
    let left = false
    try {
      left = await new Transmission(inlet, device, { sizeBytes: device.sizeBytes, readOnly, allocation: agreed.allocation, structured: agreed.structured, maxInFlight: options.maxInFlight }).run()
    } finally {
      options.onSession?.(left ? 'LEFT' : 'BROKEN')
    }
  }
  inlet.socket.end()
}

function enter(inlet: Inlet, { onSocket }: ConnectionOptions): Inlet {
  inlet.socket.on('error', () => inlet.socket.destroy())
  onSocket(inlet.socket)
  return inlet
}

/** Until the client goes on to transmission (what was agreed) or leaves (null). */
async function haggle(first: Inlet, negotiation: Negotiation, startTls: () => Promise<Inlet>): Promise<Negotiation | null> {
  for (let inlet = first; ; ) {
    const { option, length } = decodeOptionHeader(await inlet.exactly(OPTION_BYTES))
    const { replies, next } = negotiation.take(option, await inlet.exactly(length))
    // Requests wait in the kernel until somebody works on them.
    if (next === 'TRANSMIT') inlet.pause()
    for (const reply of replies) inlet.socket.write(reply)
    if (next === 'TRANSMIT') return negotiation
    if (next === 'HANG_UP') return null
    if (next === 'START_TLS') {
      inlet = await startTls()
      negotiation.secured()
    }
  }
}

async function secure(plain: Inlet, options: ConnectionOptions): Promise<Inlet> {
  if (options.tls === undefined) throw new NbdProtocolError('TLS was begun without a key.')
  // Sent in the clear behind STARTTLS: somebody in between wants it taken for the client's.
  if (plain.buffer.length > 0) throw new NbdProtocolError('The client went on in the clear after asking for TLS.')
  plain.release()
  const socket = await tlsServer(plain.socket, options.tls)
  if (socket.destroyed) throw new ConnectionClosed()
  return enter(new Inlet(socket, false), options)
}
