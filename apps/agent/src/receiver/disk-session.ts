import type { TLSSocket } from 'node:tls'
import { promisify } from 'node:util'
import { zstdDecompress } from 'node:zlib'
import type { BlockDevice } from '@driftless/nbd'
import { hashOf } from '../block/content.ts'
import { FrameDecoder, encodeError, encodeFlushed, encodeHashes, encodeHelloOk, encodePointed } from '../stream/frames.ts'
import type { Message } from '../stream/frames.ts'
import { HASH_PIECE_BYTES, MAX_FRAME_BYTES, MAX_FRAME_BYTES_BEFORE_HELLO, STREAM_VERSION, StreamError } from '../stream/protocol.ts'
import type { Hello, HelloOk } from '../stream/protocol.ts'

/** A peer that says nothing for this long is gone: the source sends a flush at least every 5 s. */
const SILENCE_TIMEOUT_MS = 60_000

/** How long a refused peer has to read why. */
const LINGER_MS = 1_000

const decompress = promisify(zstdDecompress)

/** A disk that a source may write, as the receiver lends it to one session at a time. */
export interface ReceivingDisk {
  readonly ok: HelloOk
  readonly device: BlockDevice
  /** Called before every change of content: it is recorded that the replica is no longer fresh, and what a test still needs is kept. */
  changing(offset: number, length: number): Promise<void>
  /** The stream has come to this moment of the source's VM; everything before it is applied. */
  point(moment: number): Promise<void>
  /** Called when the session is over; the disk is not touched afterwards. */
  release(): void
}

/** Answers a HELLO: lends the disk, or throws `StreamError` with the reason. */
export type Admit = (peerAgentId: string, hello: Hello, end: (error: StreamError) => void) => Promise<ReceivingDisk>

/** Serves one connection from HELLO to its end. Never rejects: errors are told to the peer, and returned for the log. */
export async function serveSession(socket: TLSSocket, peerAgentId: string, admit: Admit): Promise<Error | null> {
  const decoder = new FrameDecoder(MAX_FRAME_BYTES_BEFORE_HELLO, true)
  let disk: ReceivingDisk | null = null
  const end = (error: StreamError) => {
    refuse(socket, error)
    socket.destroySoon()
  }
  socket.setNoDelay(true)
  socket.setTimeout(SILENCE_TIMEOUT_MS, () => socket.destroy())
  try {
    for await (const chunk of socket.iterator({ destroyOnReturn: false })) {
      for (const message of decoder.push(asBuffer(chunk))) {
        if (disk === null) {
          disk = await admit(peerAgentId, expectHello(message), end)
          decoder.maxFrameBytes = MAX_FRAME_BYTES
          socket.write(encodeHelloOk(disk.ok))
        } else await apply(message, disk, socket)
        if (socket.destroyed || socket.writableEnded) return null
      }
    }
    return null
  } catch (error) {
    const told = explain(error)
    refuse(socket, told)
    return told
  } finally {
    disk?.release()
    linger(socket)
  }
}

function refuse(socket: TLSSocket, error: StreamError): void {
  if (socket.writable) socket.end(encodeError({ code: error.code, message: error.message.slice(0, 500) }))
}

/** Closing over unread bytes resets the connection, and the peer would lose our last words: read them away for a moment. */
function linger(socket: TLSSocket): void {
  if (socket.destroyed) return
  if (!socket.writableEnded) socket.end()
  socket.on('error', () => {})
  socket.resume()
  const timer = setTimeout(() => socket.destroy(), LINGER_MS)
  socket.once('close', () => clearTimeout(timer))
}

function explain(error: unknown): StreamError {
  if (error instanceof StreamError) return error
  const message = error instanceof Error ? error.message : String(error)
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  if (code === 'ENOSPC' || code === 'EDQUOT') return new StreamError('INSUFFICIENT_SPACE', `The target's replica store is full (${message}). Free space or enlarge it; replication then goes on by itself.`)
  if (code === 'ERR_STREAM_PREMATURE_CLOSE' || code === 'ECONNRESET') return new StreamError('CONNECTION_LOST', 'The source closed the connection.')
  return new StreamError('REPLICA_WRITE_FAILED', `The target could not store the replica: ${message}. Check the target's storage.`)
}

const asBuffer = (chunk: unknown): Buffer => {
  if (Buffer.isBuffer(chunk)) return chunk
  throw new StreamError('BROKEN_STREAM', 'The stream delivered something that is not bytes.')
}

function expectHello(message: Message): Hello {
  if (message.type !== 'HELLO') throw new StreamError('BROKEN_STREAM', `The peer began with ${message.type} instead of HELLO.`)
  if (message.hello.version !== STREAM_VERSION) {
    throw new StreamError('VERSION_MISMATCH', `The source speaks stream version ${message.hello.version}, this target version ${STREAM_VERSION}. Update the older agent.`)
  }
  return message.hello
}

function checkRange(disk: ReceivingDisk, offset: number, length: number): void {
  if (length <= 0 || offset + length > disk.device.sizeBytes) throw new StreamError('BROKEN_STREAM', `The peer named bytes ${offset}+${length} of a disk of ${disk.device.sizeBytes}.`)
}

async function apply(message: Message, disk: ReceivingDisk, socket: TLSSocket): Promise<void> {
  switch (message.type) {
    case 'WRITE': {
      checkRange(disk, message.offset, message.dataBytes)
      const data = message.compressed ? await decompress(message.data, { maxOutputLength: message.dataBytes }) : message.data
      if (data.length !== message.dataBytes || !hashOf(data).equals(message.hash)) {
        throw new StreamError('DAMAGED_DATA', 'A block arrived with a wrong hash. It will be sent again; if this repeats, check the memory of both agents’ machines.')
      }
      await disk.changing(message.offset, message.dataBytes)
      return disk.device.write(message.offset, data)
    }
    case 'ZERO':
      checkRange(disk, message.offset, message.length)
      await disk.changing(message.offset, message.length)
      return disk.device.writeZeroes(message.offset, message.length)
    case 'FLUSH':
      await disk.device.flush()
      socket.write(encodeFlushed(message.id))
      return
    case 'POINT':
      await disk.point(message.moment)
      socket.write(encodePointed(message.id))
      return
    case 'HASHES_REQUEST':
      checkRange(disk, message.offset, message.length)
      socket.write(encodeHashes(message.id, await hashPieces(disk.device, message.offset, message.length)))
      return
    default:
      throw new StreamError('BROKEN_STREAM', `The peer sent ${message.type} where it cannot be.`)
  }
}

/** BLAKE3 of each 64 KiB piece of the range, one after the other. The caller bounds the length. */
export async function hashPieces(device: BlockDevice, offset: number, length: number): Promise<Buffer> {
  const data = Buffer.allocUnsafe(length)
  await device.read(offset, data)
  const hashes: Buffer[] = []
  for (let at = 0; at < length; at += HASH_PIECE_BYTES) hashes.push(hashOf(data.subarray(at, Math.min(at + HASH_PIECE_BYTES, length))))
  return Buffer.concat(hashes)
}
