import { Socket } from 'node:net'
import { ReceiveBuffer } from './receive-buffer.ts'
import { ConnectionClosed } from './socket-reader.ts'
import { BusyPoll } from './busy-poll.ts'

/** One for all connections: there is one event loop to keep awake. */
const poll = new BusyPoll()

/**
 * A connection's incoming side: bytes land in a `ReceiveBuffer` and somebody is told. Sockets of Node hand out
 * a fresh buffer a read, which at 4 KiB a request costs more than the disk; an accepted socket that is taken over
 * with `onread` reads into ours. That is not documented for accepted sockets, so it is tried, not trusted:
 * any other socket (TLS, a Node that has changed) delivers by its `data` events, with one more copy.
 */
export class Inlet {
  readonly socket: Socket
  /** The socket's file descriptor where writing to it directly is sound; null elsewhere. */
  readonly fd: number | null
  readonly buffer: ReceiveBuffer
  #onBytes: () => void = () => {}
  #paused = false

  constructor(accepted: Socket, plain: boolean) {
    this.buffer = new ReceiveBuffer()
    const raw = plain ? rawHandle(accepted) : null
    if (raw === null) {
      this.socket = accepted
      this.fd = null
      accepted.on('data', this.#copy)
    } else {
      this.fd = raw.fd
      this.socket = this.#takeOver(accepted, raw.handle)
    }
    this.socket.on('close', this.#tell)
    this.socket.resume()
  }

  /** Who is told of every arrival, and of the connection's end. Told at once of what is there already. */
  onBytes(listener: () => void): void {
    this.#onBytes = listener
  }

  /** Resolves to the next `length` bytes, a copy. For the handshake; rejects with `ConnectionClosed`. */
  async exactly(length: number): Promise<Buffer> {
    while (this.buffer.length < length) {
      if (this.socket.destroyed) throw new ConnectionClosed()
      await new Promise<void>((resolve) => this.onBytes(resolve))
    }
    return Buffer.from(this.buffer.take(length))
  }

  /** The handshake is over: requests come with their payloads. */
  serve(): void {
    this.buffer.grow()
  }

  /** All that came has been answered: the next request may follow soon. */
  expectMore(): void {
    if (this.fd !== null) poll.touched()
  }

  /** Something is under way on other threads, which want the cores. */
  expectNothing(): void {
    poll.relax()
  }

  pause(): void {
    if (this.#paused) return
    this.#paused = true
    this.socket.pause()
  }

  /** Only once everything received has been taken, but for the beginning of a request. */
  resume(): void {
    if (!this.#paused) return
    this.#paused = false
    this.socket.resume()
  }

  /** Stops listening, so that TLS can take the socket over. */
  release(): void {
    this.socket.off('data', this.#copy).off('close', this.#tell)
    this.socket.pause()
  }

  readonly #tell = (): void => this.#onBytes()

  readonly #copy = (bytes: Buffer): void => {
    for (let at = 0; at < bytes.length && !this.socket.destroyed; ) {
      if (this.buffer.room().length === 0) this.buffer.grow()
      const copied = bytes.copy(this.buffer.room(), 0, at)
      if (copied === 0) return void this.socket.destroy()
      this.buffer.received(copied)
      at += copied
      this.#onBytes()
    }
  }

  #takeOver(accepted: Socket, handle: object): Socket {
    const options = {
      handle,
      onread: {
        buffer: () => this.buffer.room(),
        callback: (count: number, room: Uint8Array) => {
          this.buffer.received(count, room)
          this.#onBytes()
          return !this.#paused
        },
      },
    }
    const socket: unknown = Reflect.construct(Socket, [options])
    if (!(socket instanceof Socket)) throw new Error('A socket was made that is none.')
    // The accepted one lets go of the connection: its server counts it as gone, we count it.
    Reflect.set(accepted, '_handle', null)
    accepted.destroy()
    return socket
  }
}

/** What is below a plain socket, as Node 20 to 26 have it; null when it looks different. */
function rawHandle(socket: Socket): { handle: object; fd: number } | null {
  const handle: unknown = Reflect.get(socket, '_handle')
  if (typeof handle !== 'object' || handle === null) return null
  const fd: unknown = Reflect.get(handle, 'fd')
  return typeof fd === 'number' && fd >= 0 && typeof Reflect.get(handle, 'useUserBuffer') === 'function' ? { handle, fd } : null
}
