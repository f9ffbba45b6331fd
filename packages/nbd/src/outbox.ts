import { writeSync } from 'node:fs'
import type { Socket } from 'node:net'

/** Replies go out when so much has gathered, or at the end of a batch of requests: the client works on them meanwhile. */
const SEND_AT_BYTES = 128 * 1024
/** Holds the largest reply that is made in place, after what had gathered before it. */
const POOL_BYTES = 512 * 1024

/**
 * A connection's outgoing side: replies are made in one reused buffer and written together, straight to the
 * descriptor where there is one and the kernel takes them; what it does not take goes through the socket.
 */
export class Outbox {
  #pool: Buffer = Buffer.allocUnsafeSlow(POOL_BYTES)
  /** Takes the pool's place while the kernel has not taken all of it. */
  #spare: Buffer | null = null
  readonly #socket: Socket
  readonly #fd: number | null
  readonly #onRoom: () => void
  #filled = 0
  #unsent = 0
  #scheduled = false

  /** `onRoom` is called when `stuck` may have ended. */
  constructor(socket: Socket, fd: number | null, onRoom: () => void) {
    this.#socket = socket
    this.#fd = fd
    this.#onRoom = onRoom
    socket.on('drain', onRoom)
  }

  /** The client does not keep up: make no more replies until `onRoom`. */
  get stuck(): boolean {
    return this.#fd === null ? this.#socket.writableNeedDrain : this.#unsent > 0
  }

  /** Where replies are made; another one after each `place`, `commit` and `flush`. */
  get pool(): Buffer {
    return this.#pool
  }

  /** A place for `bytes` (at most half the pool) in `pool`; not part of what is sent until `commit`. */
  place(bytes: number): number {
    if (this.#filled + bytes > POOL_BYTES) this.flush()
    return this.#filled
  }

  commit(bytes: number): void {
    this.#filled += bytes
    if (this.#filled >= SEND_AT_BYTES) this.flush()
  }

  /** Sends a reply made elsewhere; `sent` is called when its memory is no longer needed. */
  send(reply: Buffer, sent: () => void = () => {}): void {
    this.flush()
    this.#write(reply, sent)
  }

  /** `flush`, once for all that completes in this turn of the event loop. */
  flushSoon(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    setImmediate(() => {
      this.#scheduled = false
      this.flush()
    })
  }

  flush(): void {
    if (this.#filled === 0) return
    const filled = this.#filled
    this.#filled = 0
    this.#write(this.#pool.subarray(0, filled))
  }

  #write(bytes: Buffer, done: () => void = () => {}): void {
    if (this.#socket.destroyed) return done()
    let sent = 0
    // What the handshake left in the socket goes first.
    if (this.#fd !== null && this.#unsent === 0 && this.#socket.writableLength === 0) {
      try {
        sent = writeSync(this.#fd, bytes)
      } catch (error) {
        if (!isFull(error)) {
          this.#socket.destroy()
          return done()
        }
      }
    }
    if (sent === bytes.length) return done()
    let rest = bytes.subarray(sent)
    if (bytes.buffer === this.#pool.buffer) {
      // The pool is overwritten by the next reply: go on in another one, or with a copy.
      if (this.#unsent === 0) [this.#pool, this.#spare] = [this.#spare ?? Buffer.allocUnsafeSlow(POOL_BYTES), this.#pool]
      else rest = Buffer.from(rest)
    }
    this.#unsent += 1
    this.#socket.write(rest, () => {
      done()
      this.#unsent -= 1
      if (this.#unsent === 0) this.#onRoom()
    })
  }
}

const isFull = (error: unknown): boolean => error instanceof Error && 'code' in error && error.code === 'EAGAIN'
