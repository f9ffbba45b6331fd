import type { Socket } from 'node:net'
import type { FrameDecoder, Received } from '../stream/frame-decoder.ts'
import { StreamError } from '../stream/protocol.ts'

/** Decoded and not yet applied: enough for one to be written while the next arrives. Beyond it the peer waits. */
const MAX_QUEUED = 4

/** What arrives on one connection, message by message, with back-pressure. */
export class Inbox {
  readonly #socket: Socket
  readonly #queue: Received[] = []
  readonly #detach: () => void
  #ended: Error | null | undefined
  #wake: () => void = () => {}

  constructor(socket: Socket, decoder: FrameDecoder) {
    this.#socket = socket
    const data = (chunk: Buffer) => {
      if (this.#ended !== undefined) return
      try {
        for (const received of decoder.push(chunk)) this.#queue.push(received)
        if (this.#queue.length >= MAX_QUEUED) socket.pause()
      } catch (error) {
        this.#end(error instanceof Error ? error : new Error(String(error)))
      }
      this.#wake()
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
        if (this.#queue.length === 0 && this.#socket.isPaused()) this.#socket.resume()
        return received
      }
      if (this.#ended instanceof Error) throw this.#ended
      if (this.#ended === null) return null
      await new Promise<void>((resolve) => (this.#wake = resolve))
    }
  }

  #end(error: Error | null): void {
    if (this.#ended !== undefined) return
    this.#ended = error
    this.#wake()
  }
}
