import { setImmediate as yieldToEventLoop } from 'node:timers/promises'
import type { Connection } from './connection.ts'
import { FlowControl } from './flow-control.ts'
import { encodeMark } from './frames.ts'
import { HASH_PIECE_BYTES, MAX_DATA_BYTES } from './protocol.ts'

/** A caller that never has to wait gives way to the event loop this often. */
const YIELD_EVERY_MS = 1

/** Pieces prepared ahead: enough to keep two compressing while one is sent. */
const MAX_WAITING_PIECES = 4

/** However small: dirty blocks of 4 KiB are prepared this many at a time. */
const MAX_WAITING_ENTRIES = 64

/** The target takes a peer that is silent for a minute for dead; a rate cap of nothing must not look like that. */
const KEEP_ALIVE_MS = 15_000

/** Whole frames, ready to be sent in this order. */
export interface Outgoing {
  readonly frames: readonly Buffer[]
  /** Called when the buffers are no longer needed. */
  readonly sent?: () => void
}

/** Asked, with the number of bytes, before each frame is sent; delays it (rate caps). */
export type Before = (bytes: number) => Promise<void>

interface Entry {
  readonly ready: Promise<Outgoing> | Outgoing
  readonly bytes: number
  readonly before: Before | null
}

/**
 * What waits to be sent on one connection. Entries are prepared (read, hashed, compressed) several at a time and sent
 * in the order in which they were put in, no more at a time than flow control allows.
 */
export class Outbox {
  readonly flow = new FlowControl()
  readonly #socket: Connection
  readonly #failed: (error: unknown) => void
  readonly #entries: Entry[] = []
  readonly #keepAlive: NodeJS.Timeout
  #waitingBytes = 0
  #pumping = false
  #closed = false
  #nextMark = 1
  #wakePump: () => void = () => {}
  #wakeCallers: (() => void)[] = []
  #lastYieldMs = performance.now()
  #lastSentMs = performance.now()

  /** `failed` is told when an entry could not be prepared. */
  constructor(socket: Connection, failed: (error: unknown) => void) {
    this.#socket = socket
    this.#failed = failed
    this.#keepAlive = setInterval(() => {
      if (performance.now() - this.#lastSentMs >= KEEP_ALIVE_MS) this.#mark()
    }, KEEP_ALIVE_MS)
    this.#keepAlive.unref()
  }

  /** Data for one entry: a quarter of the window, so that dirty blocks soon get their turn; whole hash pieces. */
  get pieceBytes(): number {
    const whole = Math.floor(this.flow.windowBytes / 4 / HASH_PIECE_BYTES) * HASH_PIECE_BYTES
    return Math.min(MAX_DATA_BYTES, Math.max(HASH_PIECE_BYTES, whole))
  }

  /** Puts frames, or the promise of them, at the end. `bytes` is about how much that is. A promise that rejects ends the connection. */
  put(ready: Promise<Outgoing> | Outgoing, bytes: number, before: Before | null = null): void {
    if (ready instanceof Promise) ready.catch(() => {}) // the pump hears of it, unless the connection has ended
    if (this.#closed) return
    this.#entries.push({ ready, bytes, before })
    this.#waitingBytes += bytes
    if (!this.#pumping) void this.#pump()
  }

  /** Resolves when another piece of this size may be put in; at once when the connection has ended. */
  async room(pieceBytes: number = this.pieceBytes): Promise<void> {
    if (performance.now() - this.#lastYieldMs > YIELD_EVERY_MS) {
      await yieldToEventLoop()
      this.#lastYieldMs = performance.now()
    }
    while (!this.#closed && (this.#waitingBytes >= MAX_WAITING_PIECES * pieceBytes || this.#entries.length >= MAX_WAITING_ENTRIES)) {
      await new Promise<void>((resolve) => this.#wakeCallers.push(resolve))
    }
  }

  /** The target has answered the oldest mark. False: there was none. */
  answered(): boolean {
    const expected = this.flow.answered()
    this.#wakePump()
    return expected
  }

  close(): void {
    this.#closed = true
    clearInterval(this.#keepAlive)
    this.#entries.length = 0
    this.#wakePump()
    this.#wake()
  }

  async #pump(): Promise<void> {
    this.#pumping = true
    try {
      for (let entry = this.#entries[0]; entry !== undefined; entry = this.#entries[0]) {
        if (entry.ready instanceof Promise && this.#waitingBytes >= MAX_WAITING_PIECES * this.pieceBytes) this.flow.starved()
        const { frames, sent } = entry.ready instanceof Promise ? await entry.ready : entry.ready
        for (const frame of frames) {
          await entry.before?.(frame.length)
          while (!this.#closed && !this.flow.hasRoom()) await new Promise<void>((resolve) => (this.#wakePump = resolve))
          if (this.#closed) return
          this.flow.sent(frame.length)
          await this.#write(frame)
          if (this.flow.markDue) this.#mark()
        }
        sent?.()
        if (this.#closed) return
        this.#entries.shift()
        this.#waitingBytes -= entry.bytes
        if (this.#entries.length === 0 && this.flow.unmarked) this.#mark()
        this.#wake()
      }
    } catch (error) {
      this.#failed(error)
    } finally {
      this.#pumping = false
    }
  }

  #mark(): void {
    if (this.#closed) return
    this.flow.marked()
    this.#socket.write(encodeMark(this.#nextMark))
    this.#nextMark = (this.#nextMark % 0xffff_ffff) + 1
    this.#lastSentMs = performance.now()
  }

  /**
   * Waits until the kernel has it all: only what it has is out of reach of a dirty block, and the stream would
   * otherwise copy what it gathers.
   */
  async #write(frame: Buffer): Promise<void> {
    let taken: () => void = () => {}
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#socket.write(frame, () => taken())
    this.#lastSentMs = performance.now()
    if (this.#socket.writableLength === 0) return
    taken = resolve
    await promise
  }

  #wake(): void {
    const callers = this.#wakeCallers
    this.#wakeCallers = []
    for (const wake of callers) wake()
  }
}
