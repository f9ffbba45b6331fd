import type { Connection } from '../stream/connection.ts'
import { FrameDecoder } from '../stream/frame-decoder.ts'
import { encodeError, encodeHelloOk } from '../stream/frames.ts'
import type { Message } from '../stream/frames.ts'
import { MAX_FRAME_BYTES, MAX_FRAME_BYTES_BEFORE_HELLO, STREAM_VERSION, StreamError } from '../stream/protocol.ts'
import type { Hello, Lanes } from '../stream/protocol.ts'
import { discarding } from './direct-reads.ts'
import type { DirectReads } from './direct-reads.ts'
import { FrameApplier } from './frame-applier.ts'
import type { ReceivingDisk } from './frame-applier.ts'
import { Inbox } from './inbox.ts'
import { serveProbe } from './probe-session.ts'
import type { ProbeAdmission } from './probe-session.ts'

export { hashPieces } from './frame-applier.ts'
export type { ReceivingDisk }

/** A peer that says nothing for this long is gone: the source sends a flush at least every 5 s, or a mark every 15 s. */
const SILENCE_TIMEOUT_MS = 60_000

/** How long a refused peer has to read why. */
const LINGER_MS = 1_000

/** Answers a HELLO: lends the disk, or throws `StreamError` with the reason. */
export type Admit = (peerAgentId: string, hello: Hello, end: (error: StreamError) => void, connection: Connection) => Promise<ReceivingDisk>

/** Takes over the connection of a peer that called for the way back, and says HELLO on it; or throws `StreamError`. */
export type TurnRound = (peerAgentId: string, hello: Hello, socket: Connection) => void

/** Takes over one of several connections that are to carry one stream; or throws `StreamError`. */
export type JoinLanes = (peerAgentId: string, lanes: Lanes, socket: Connection) => void

/**
 * Serves one connection from HELLO to its end. Never rejects: errors are told to the peer, and returned for the log.
 * In the product the socket is TLS and `peerAgentId` from its certificate; a plain socket may come with `direct`.
 */
export async function serveSession(socket: Connection, peerAgentId: string, admit: Admit, turnRound: TurnRound | null = null, direct: DirectReads | null = null, joinLanes: JoinLanes | null = null, probes: ProbeAdmission | null = null): Promise<Error | null> {
  const decoder = new FrameDecoder(MAX_FRAME_BYTES_BEFORE_HELLO)
  const inbox = new Inbox(socket, decoder, direct)
  let disk: ReceivingDisk | null = null
  let applier: FrameApplier | null = null
  let turned = false
  const end = (error: StreamError) => {
    refuse(socket, error)
    socket.destroySoon()
  }
  socket.setNoDelay(true)
  socket.setTimeout(SILENCE_TIMEOUT_MS, () => socket.destroy())
  try {
    const first = await inbox.next()
    if (first === null) return null
    if (first.message.type === 'LANES' && joinLanes !== null) {
      inbox.detach()
      joinLanes(peerAgentId, first.message.lanes, socket)
      turned = true
      return null
    }
    if (first.message.type === 'PROBE' && probes !== null) {
      await serveProbe(socket, inbox, probes.admit(peerAgentId, first.message.proof, socket))
      return null
    }
    const hello = expectHello(first.message)
    if (hello.reverse === true) {
      if (turnRound === null) throw new StreamError('BROKEN_STREAM', 'The peer asked for the way back where there is none.')
      inbox.detach()
      turnRound(peerAgentId, hello, socket)
      turned = true
      return null
    }
    disk = await admit(peerAgentId, hello, end, socket)
    decoder.maxFrameBytes = MAX_FRAME_BYTES
    direct ??= inbox.readDirectly() // before the peer may send more
    applier = new FrameApplier(disk, (frame) => {
      if (socket.writable) socket.write(frame)
    })
    if (socket.writable) socket.write(encodeHelloOk({ ...disk.ok, takesOffers: disk.content != null }))
    for (let received = await inbox.next(); received !== null && socket.writable; received = await inbox.next()) await applier.apply(received)
    return null
  } catch (error) {
    const told = explain(error)
    refuse(socket, told)
    return told
  } finally {
    await applier?.settled()
    disk?.release()
    if (direct !== null) direct.reader = discarding
    if (!turned) linger(socket)
  }
}

function refuse(socket: Connection, error: StreamError): void {
  if (socket.writable) socket.end(encodeError({ code: error.code, message: error.message.slice(0, 500) }))
}

/** Closing over unread bytes resets the connection, and the peer would lose our last words: read them away for a moment. */
function linger(socket: Connection): void {
  if (socket.destroyed) return
  if (!socket.writableEnded) socket.end()
  socket.on('error', () => {})
  socket.removeAllListeners('data')
  socket.resume()
  const timer = setTimeout(() => socket.destroy(), LINGER_MS)
  socket.once('close', () => clearTimeout(timer))
}

function explain(error: unknown): StreamError {
  if (error instanceof StreamError) return error
  const message = error instanceof Error ? error.message : String(error)
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  if (code === 'ENOSPC' || code === 'EDQUOT') return new StreamError('INSUFFICIENT_SPACE', `The target's replica store is full (${message}). Free space or enlarge it; replication then goes on by itself.`)
  if (code === 'ECONNRESET' || code === 'EPIPE') return new StreamError('CONNECTION_LOST', 'The source closed the connection.')
  return new StreamError('REPLICA_WRITE_FAILED', `The target could not store the replica: ${message}. Check the target's storage.`)
}

function expectHello(message: Message): Hello {
  if (message.type === 'ERROR') throw new StreamError(message.refusal.code, message.refusal.message)
  if (message.type !== 'HELLO') throw new StreamError('BROKEN_STREAM', `The peer began with ${message.type} instead of HELLO.`)
  if (message.hello.version !== STREAM_VERSION) {
    throw new StreamError('VERSION_MISMATCH', `The source speaks stream version ${message.hello.version}, this target version ${STREAM_VERSION}. Update the older agent.`)
  }
  return message.hello
}
