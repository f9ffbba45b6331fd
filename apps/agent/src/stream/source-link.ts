import { Compression } from './compression.ts'
import type { Connection } from './connection.ts'
import type { FrameDecoder } from './frame-decoder.ts'
import { encodeFlush, encodeHashesRequest, encodeOffer, encodePoint } from './frames.ts'
import type { Message } from './frames.ts'
import { Outbox } from './outbox.ts'
import type { Before, Outgoing } from './outbox.ts'
import { StreamError } from './protocol.ts'
import type { HelloOk } from './protocol.ts'

/** An answer may queue behind what a slow link still carries; after this the link is taken for dead. */
const ANSWER_TIMEOUT_MS = 120_000

interface Waiter {
  resolve: (message: Message) => void
  reject: (error: Error) => void
  timer: NodeJS.Timeout | null
}

/**
 * The source's end of one disk's stream, on any connection whose peer has said HELLO_OK. Everything goes out in
 * the order of the calls, data and questions alike. After a failure every call rejects with its cause.
 */
export class DiskLink {
  readonly ok: HelloOk
  readonly compression = new Compression()
  readonly #socket: Connection
  readonly #outbox: Outbox
  readonly #waiters = new Map<number, Waiter>()
  readonly #closed = new AbortController()
  #nextId = 1
  #failure: Error | null = null

  constructor(socket: Connection, decoder: FrameDecoder, ok: HelloOk) {
    this.#socket = socket
    this.ok = ok
    this.#outbox = new Outbox(socket, (error) => this.#fail(asError(error)))
    socket.on('data', (chunk: Buffer) => {
      try {
        for (const { message } of decoder.push(chunk)) this.#receive(message)
      } catch (error) {
        this.#fail(asError(error))
      }
    })
    socket.on('error', (error) => this.#fail(error))
    for (const event of ['end', 'close']) socket.on(event, () => this.#fail(new StreamError('CONNECTION_LOST', 'The target closed the connection.')))
  }

  /** Aborts, with the cause as its reason, when the link has failed or was closed. */
  get closed(): AbortSignal {
    return this.#closed.signal
  }

  /** Bytes handed to the network so far, TLS included. */
  get wireBytes(): number {
    return this.#socket.bytesWritten
  }

  /** What the link was seen to carry while it held us back; null when it does not, or nothing is known yet. */
  get limitBytesPerSecond(): number | null {
    return this.#outbox.flow.limitBytesPerSecond
  }

  /** Lowest round trip of late, in milliseconds, the target's work included; null before the first. */
  get rttMs(): number | null {
    return this.#outbox.flow.rttMs
  }

  /** How much data to send at a time: more on a fast link, little on a slow one. */
  get pieceBytes(): number {
    return this.#outbox.pieceBytes
  }

  /** Resolves when there is room for another piece of this size; rejects when the link has failed. Ask before taking what is to be sent. */
  async room(pieceBytes?: number): Promise<void> {
    await this.#outbox.room(pieceBytes)
    this.#throwIfFailed()
  }

  /**
   * Sends the frames in their turn. `bytes` is about how much data they stand for. They may still be in preparation;
   * when that fails the link fails with its error.
   */
  send(ready: Promise<Outgoing> | Outgoing, bytes: number, before: Before): void {
    this.#outbox.put(ready, bytes, before)
  }

  /** Resolves when the target durably holds everything sent before, and has recorded `sweptBytes`. */
  async flush(sweptBytes = 0): Promise<void> {
    const answer = await this.#ask((id) => encodeFlush(id, sweptBytes))
    if (answer.type !== 'FLUSHED') throw unexpected(answer)
  }

  /** BLAKE3 of each 64 KiB piece of the target's range, after everything sent before was applied. */
  async hashes(offset: number, length: number): Promise<Buffer> {
    const answer = await this.#ask((id) => encodeHashesRequest(id, offset, length))
    if (answer.type !== 'HASHES') throw unexpected(answer)
    return answer.hashes
  }

  /**
   * Offers the pieces of a range by their hashes, which may still be in preparation: the offer has its place in the
   * stream now. Resolves to a bit a piece: the target has that content there.
   */
  async offer(offset: number, length: number, hashes: Promise<Buffer>): Promise<Buffer> {
    const answer = await this.#ask(async (id) => encodeOffer(id, offset, length, await hashes))
    if (answer.type !== 'TAKEN') throw unexpected(answer)
    return answer.bits
  }

  /** Marks this place in the stream as the VM's `moment`. It is in the stream on return; resolves when the target has come to it. */
  async point(moment: number): Promise<void> {
    const answer = await this.#ask((id) => encodePoint(id, moment))
    if (answer.type !== 'POINTED') throw unexpected(answer)
  }

  /** Ends the connection at once; what was not flushed counts as not sent. */
  close(): void {
    this.#fail(new StreamError('CLOSED', 'The source closed the connection.'))
  }

  #ask(encode: (id: number) => Buffer | Promise<Buffer>): Promise<Message> {
    this.#throwIfFailed()
    const id = this.#nextId
    this.#nextId = (this.#nextId % 0xffff_ffff) + 1
    return new Promise((resolve, reject) => {
      const waiter: Waiter = { resolve, reject, timer: null }
      this.#waiters.set(id, waiter)
      const sent = () => {
        // The answer may be here before the socket says that the question has left: then nobody waits any more.
        if (this.#failure === null && this.#waiters.get(id) === waiter) waiter.timer = setTimeout(() => this.#fail(silent()), ANSWER_TIMEOUT_MS)
      }
      const frame = encode(id)
      this.#outbox.put(frame instanceof Promise ? frame.then((ready) => ({ frames: [ready], sent })) : { frames: [frame], sent }, 0)
    })
  }

  #receive(message: Message): void {
    if (message.type === 'ERROR') throw new StreamError(message.refusal.code, message.refusal.message)
    if (message.type === 'MARKED') {
      if (!this.#outbox.answered()) throw unexpected(message)
      return
    }
    if (message.type !== 'FLUSHED' && message.type !== 'HASHES' && message.type !== 'TAKEN' && message.type !== 'POINTED') throw unexpected(message)
    const waiter = this.#waiters.get(message.id)
    if (waiter === undefined) throw unexpected(message)
    this.#waiters.delete(message.id)
    if (waiter.timer !== null) clearTimeout(waiter.timer)
    waiter.resolve(message)
  }

  #throwIfFailed(): void {
    if (this.#failure !== null) throw this.#failure
  }

  #fail(error: Error): void {
    if (this.#failure !== null) return
    this.#failure = error
    this.#socket.destroy()
    this.#closed.abort(error)
    this.#outbox.close()
    for (const waiter of this.#waiters.values()) {
      if (waiter.timer !== null) clearTimeout(waiter.timer)
      waiter.reject(error)
    }
    this.#waiters.clear()
  }
}

export const unexpected = (message: Message): StreamError =>
  new StreamError('BROKEN_STREAM', `The target sent ${message.type} where it cannot be. Check that both agents run the same version.`)

export const asError = (error: unknown): Error => (error instanceof Error ? error : new Error(String(error)))

const silent = (): StreamError =>
  new StreamError('TARGET_SILENT', `The target did not answer within ${ANSWER_TIMEOUT_MS / 1000} s. Check the network between the agents and the target's storage.`)
