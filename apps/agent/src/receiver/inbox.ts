import type { Connection } from '../stream/connection.ts'
import type { FrameDecoder, Received } from '../stream/frame-decoder.ts'
import { StreamError } from '../stream/protocol.ts'
import { DirectReads, discarding, readDirectly } from './direct-reads.ts'

/** Decoded and not yet applied: enough for some to be written while the next arrive. Beyond it the peer waits. */
const MAX_QUEUED_BYTES = 4 * 1024 * 1024
const MAX_QUEUED = 256

/** What arrives on one connection, message by message, with back-pressure. */
export class Inbox {
  readonly #socket: Connection
  readonly #decoder: FrameDecoder
  readonly #queue: Received[] = []
  readonly #detach: () => void
  #queuedBytes = 0
  #ended: Error | null | undefined
  #wake: () => void = () => {}

  constructor(socket: Connection, decoder: FrameDecoder, direct: DirectReads | null = null) {
    this.#socket = socket
    this.#decoder = decoder
    const data = (chunk: Buffer) =>
      this.#take(() => {
        for (const received of decoder.push(chunk)) this.#put(received)
      })
    if (direct !== null) this.#takeFrom(direct)
    const failed = (error: Error) => this.#end(error)
    const ended = () => this.#end(null)
    const closed = () => this.#end(new StreamError('CONNECTION_LOST', 'The source closed the connection.'))
    socket.on('data', data).on('error', failed).on('end', ended).on('close', closed)
    this.#detach = () => socket.off('data', data).off('error', failed).off('end', ended).off('close', closed).pause()
  }

  /** Leaves the connection to somebody else, paused. Only while nothing that was not taken has come. */
  detach(): void {
    if (this.#queue.length > 0) throw new StreamError('BROKEN_STREAM', 'The peer spoke out of turn.')
    this.#detach()
  }

  /** From here on bytes land in the frames they belong to; null where this Node does not let a socket do that. */
  readDirectly(): DirectReads | null {
    const reads = new DirectReads()
    this.#takeFrom(reads)
    return readDirectly(this.#socket, reads) ? reads : null
  }

  /** The next message; null when the peer has ended the connection. Rejects with what broke it, once all before was taken. */
  async next(): Promise<Received | null> {
    for (;;) {
      const received = this.#queue.shift()
      if (received !== undefined) {
        this.#queuedBytes -= received.bytes
        if (this.#queue.length === 0 && this.#socket.isPaused()) this.#socket.resume()
        return received
      }
      if (this.#ended instanceof Error) throw this.#ended
      if (this.#ended === null) return null
      await new Promise<void>((resolve) => (this.#wake = resolve))
    }
  }

  get #full(): boolean {
    return this.#queuedBytes >= MAX_QUEUED_BYTES || this.#queue.length >= MAX_QUEUED
  }

  #takeFrom(direct: DirectReads): void {
    direct.reader = {
      room: () => this.#decoder.room(),
      received: (count) => {
        this.#take(() => {
          const received = this.#decoder.received(count)
          if (received !== null) this.#put(received)
        })
        // A decoder that has thrown has no room any more, and none would be asked for it for ever.
        if (this.#ended !== undefined) direct.reader = discarding
        return !this.#full
      },
    }
  }

  #put(received: Received): void {
    this.#queue.push(received)
    this.#queuedBytes += received.bytes
  }

  #take(decode: () => void): void {
    if (this.#ended !== undefined) return
    try {
      decode()
      if (this.#full) this.#socket.pause()
    } catch (error) {
      this.#end(error instanceof Error ? error : new Error(String(error)))
    }
    this.#wake()
  }

  #end(error: Error | null): void {
    if (this.#ended !== undefined) return
    this.#ended = error
    this.#wake()
  }
}
