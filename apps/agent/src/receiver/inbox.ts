import type { Socket } from 'node:net'
import type { FrameDecoder, Received } from '../stream/frame-decoder.ts'
import { StreamError } from '../stream/protocol.ts'

/** Decoded and not yet applied: enough for some to be written while the next arrive. Beyond it the peer waits. */
const MAX_QUEUED_BYTES = 4 * 1024 * 1024
const MAX_QUEUED = 256

/** For a plain socket made with `onread` (see `net.connect`): its bytes land where they are wanted. Filled in by whoever reads. */
export class DirectReads {
  room: () => Buffer = () => Buffer.alloc(1)
  /** False: read no more until the socket is resumed. */
  received: (count: number) => boolean = () => false
}

/** What arrives on one connection, message by message, with back-pressure. */
export class Inbox {
  readonly #socket: Socket
  readonly #queue: Received[] = []
  readonly #detach: () => void
  #queuedBytes = 0
  #ended: Error | null | undefined
  #wake: () => void = () => {}

  constructor(socket: Socket, decoder: FrameDecoder, direct: DirectReads | null = null) {
    this.#socket = socket
    const data = (chunk: Buffer) =>
      this.#take(() => {
        for (const received of decoder.push(chunk)) this.#put(received)
      })
    if (direct !== null) {
      direct.room = () => decoder.room()
      direct.received = (count) => {
        this.#take(() => {
          const received = decoder.received(count)
          if (received !== null) this.#put(received)
        })
        return !this.#full
      }
    }
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
