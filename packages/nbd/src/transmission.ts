import type { BlockDevice, Extent } from './block-device.ts'
import { BufferPool } from './buffer-pool.ts'
import { errorNumber, numberOf } from './errors.ts'
import type { Inlet } from './inlet.ts'
import { Outbox } from './outbox.ts'
import { COMMAND, COMMAND_FLAG, MAX_PAYLOAD_BYTES, NbdProtocolError, REQUEST_BYTES, decodeRequest } from './protocol.ts'
import type { Request } from './protocol.ts'
import { STATUS_REPLY_BYTES, allocationReply, readHeadBytes, writeReadHead, writeStatus } from './replies.ts'
import { refusalOf } from './request-check.ts'
import type { Limits } from './request-check.ts'
import { WriteInParts } from './write-in-parts.ts'

/** Payload held at a time for one connection, beyond which its next request waits. */
const MAX_BYTES_IN_FLIGHT = 2 * MAX_PAYLOAD_BYTES
/** Writes up to here are put to the device in one piece; longer ones as they arrive. */
export const WHOLE_WRITE_BYTES = 64 * 1024
/** Reads are made in place, in pieces of this much. */
const READ_PIECE_BYTES = 256 * 1024
/** Extents told at a time; the client asks again for the rest. */
const MAX_EXTENTS = 64 * 1024

export interface TransmissionOptions extends Limits {
  readonly structured: boolean
  /** Requests worked on at a time. */
  readonly maxInFlight: number
}

/**
 * One connection's requests and replies, after the handshake. Requests are taken where they landed; what the
 * device can do at once is done and answered in one go for all that has arrived, the rest is handed over
 * and answered as it comes. It stops reading while too much is under way or the client takes no replies.
 */
export class Transmission {
  readonly #inlet: Inlet
  readonly #device: BlockDevice
  readonly #options: TransmissionOptions
  readonly #outbox: Outbox
  readonly #memory = new BufferPool()
  readonly #finished = Promise.withResolvers<void>()
  #inFlight = 0
  #bytesInFlight = 0
  /** A long write whose payload is arriving, or a read whose reply is going out in pieces: what comes behind waits. */
  #write: WriteInParts | null = null
  #reading: { request: Request; done: number } | null = null
  #working = false
  #over = false
  #left = false
  #failure: unknown = undefined

  constructor(inlet: Inlet, device: BlockDevice, options: TransmissionOptions) {
    this.#inlet = inlet
    this.#device = device
    this.#options = options
    this.#outbox = new Outbox(inlet.socket, inlet.fd, () => this.#work())
  }

  /**
   * Serves until the client leaves or breaks the protocol (then it rejects); every request under way has ended by then. Resolves to
   * whether the client said that it leaves.
   */
  async run(): Promise<boolean> {
    this.#inlet.serve()
    this.#inlet.onBytes(() => this.#work())
    this.#work()
    try {
      await this.#finished.promise
      return this.#left
    } finally {
      this.#outbox.flush()
    }
  }

  #end(error?: unknown): void {
    if (!this.#over) {
      this.#over = true
      this.#failure = error
    }
    if (this.#inFlight > 0) return
    if (this.#failure === undefined) this.#finished.resolve()
    else this.#finished.reject(this.#failure)
  }

  /** Takes every request that is there, as far as the limits allow. */
  #work(): void {
    if (this.#over || this.#working) return
    this.#working = true
    try {
      while (!this.#full() && this.#takeNext());
      this.#outbox.flush()
    } catch (error) {
      this.#end(error)
    }
    this.#working = false
    if (this.#inlet.socket.destroyed) this.#abandon()
    else if (this.#full()) this.#inlet.pause()
    else this.#inlet.resume()
    if (this.#inFlight > 0 || this.#outbox.stuck) this.#inlet.expectNothing()
    else this.#inlet.expectMore()
  }

  #full(): boolean {
    return this.#inFlight >= this.#options.maxInFlight || this.#bytesInFlight >= MAX_BYTES_IN_FLIGHT || this.#outbox.stuck
  }

  /** The client is gone in mid-write: what is under way still ends. */
  #abandon(): void {
    if (this.#write?.abandon() === true) this.#inFlight -= 1
    this.#write = this.#reading = null
    this.#end()
  }

  /** Works on the next request, or a part of it; false when more has to arrive first. */
  #takeNext(): boolean {
    if (this.#over) return false
    const { buffer } = this.#inlet
    if (this.#write !== null) return this.#continueWrite(this.#write)
    if (this.#reading !== null) {
      this.#continueRead(this.#reading)
      return true
    }
    if (buffer.length < REQUEST_BYTES) return false
    const request = decodeRequest(buffer.bytes, buffer.start)
    if (request.command !== COMMAND.WRITE) {
      buffer.start += REQUEST_BYTES
      this.#take(request)
      return true
    }
    // The payload of a write this long cannot be skipped within bounds: hang up.
    if (request.length > MAX_PAYLOAD_BYTES) throw new NbdProtocolError(`A write of ${request.length} bytes is longer than ${MAX_PAYLOAD_BYTES}.`)
    if (request.length <= WHOLE_WRITE_BYTES) {
      if (buffer.length < REQUEST_BYTES + request.length) return false
      buffer.start += REQUEST_BYTES
      this.#writeWhole(request, buffer.take(request.length))
      return true
    }
    buffer.start += REQUEST_BYTES
    this.#inFlight += 1
    this.#write = new WriteInParts(this.#device, this.#memory, request, refusalOf(request, this.#options), (bytes) => (this.#bytesInFlight += bytes), (error) => this.#written(request, error))
    return true
  }

  #continueWrite(write: WriteInParts): boolean {
    const went = write.take(this.#inlet.buffer)
    if (write.arrived) {
      this.#write = null
      write.end()
    }
    return went
  }

  #alone(): boolean {
    return this.#inFlight === 0 && this.#inlet.buffer.length === 0
  }

  #take(request: Request): void {
    if (request.command === COMMAND.DISC) {
      this.#left = true
      return this.#end()
    }
    const refusal = refusalOf(request, this.#options)
    if (refusal !== null) return this.#answer(request, numberOf(refusal))
    if (request.command === COMMAND.READ) return this.#read(request)
    this.#later(request, 0, async () => {
      if (request.command === COMMAND.BLOCK_STATUS) return this.#status(request)
      if (request.command === COMMAND.FLUSH) await this.#device.flush()
      else await this.#zero(request)
      if (request.flags & COMMAND_FLAG.FUA) await this.#device.flush()
      this.#answer(request, 0)
    })
  }

  #writeWhole(request: Request, payload: Buffer): void {
    const refusal = refusalOf(request, this.#options)
    if (refusal !== null) return this.#answer(request, numberOf(refusal))
    let done = payload.length === 0
    try {
      done ||= this.#device.writeNow?.(request.offset, payload, this.#alone()) === true
    } catch (error) {
      return this.#answer(request, errorNumber(error))
    }
    if (done && !(request.flags & COMMAND_FLAG.FUA)) return this.#answer(request, 0)
    const own = done ? null : this.#memory.take(payload.length)
    const { length } = payload
    if (own !== null) payload.copy(own)
    this.#later(request, length, async () => {
      if (own !== null) await this.#device.write(request.offset, own.subarray(0, length)).finally(() => this.#memory.give(own))
      if (request.flags & COMMAND_FLAG.FUA) await this.#device.flush()
      this.#answer(request, 0)
    })
  }

  /** A write in parts has been done (`error` null) or has failed. */
  #written(request: Request, error: number): void {
    const finish = (number: number) => {
      this.#inFlight -= 1
      this.#answer(request, number)
      this.#stir()
    }
    if (error !== 0 || !(request.flags & COMMAND_FLAG.FUA)) return finish(error)
    this.#device.flush().then(() => finish(0), (failure: unknown) => finish(errorNumber(failure)))
  }

  #read(request: Request): void {
    if (request.length === 0) return this.#answer(request, 0)
    // Simple replies come in one piece.
    if (this.#device.readNow === undefined || (!this.#options.structured && request.length > READ_PIECE_BYTES)) return this.#readLater(request, 0)
    this.#reading = { request, done: 0 }
  }

  /** Answers a read with its next piece, made in place. Between two pieces the client may be waited for. */
  #continueRead(reading: { request: Request; done: number }): void {
    const { request, done } = reading
    const { structured } = this.#options
    const head = readHeadBytes(structured)
    const length = Math.min(READ_PIECE_BYTES, request.length - done)
    const offset = request.offset + done
    const at = this.#outbox.place(head + length)
    this.#reading = null
    try {
      if (this.#device.readNow?.(offset, this.#outbox.pool.subarray(at + head, at + head + length), this.#alone()) !== true) return this.#readLater(request, done)
    } catch (error) {
      return this.#answer(request, errorNumber(error))
    }
    reading.done += length
    const last = reading.done === request.length
    if (!last) this.#reading = reading
    writeReadHead(this.#outbox.pool, at, request, structured, offset, length, last)
    this.#outbox.commit(head + length)
  }

  /** Reads what is left of a request, from its byte `done` on, elsewhere, and answers with it: in pieces side by side where the protocol has chunks. */
  #readLater(request: Request, done: number): void {
    const most = this.#options.structured ? READ_PIECE_BYTES : request.length
    const left = { pieces: Math.ceil((request.length - done) / most), failed: false }
    for (let at = done; at < request.length; at += most) this.#readPiece(request, at, Math.min(most, request.length - at), left)
  }

  /** The piece that is done last ends the reply, whichever it is; so does the first that fails. */
  #readPiece(request: Request, done: number, length: number, left: { pieces: number; failed: boolean }): void {
    const { structured } = this.#options
    const head = readHeadBytes(structured)
    this.#later(request, length, async () => {
      const memory = this.#memory.take(head + length)
      const reply = memory.subarray(0, head + length)
      try {
        await this.#device.read(request.offset + done, reply.subarray(head))
      } catch (error) {
        this.#memory.give(memory)
        if (left.failed) return
        left.failed = true
        throw error
      }
      left.pieces -= 1
      if (left.failed) return this.#memory.give(memory)
      writeReadHead(reply, 0, request, structured, request.offset + done, length, left.pieces === 0)
      if (length > READ_PIECE_BYTES / 8) return this.#outbox.send(reply, () => this.#memory.give(memory))
      const at = this.#outbox.place(reply.length)
      reply.copy(this.#outbox.pool, at)
      this.#outbox.commit(reply.length)
      this.#memory.give(memory)
    })
  }

  async #zero(request: Request): Promise<void> {
    const { offset, length, flags } = request
    if (length === 0) return
    if (!(flags & COMMAND_FLAG.NO_HOLE)) return this.#device.writeZeroes(offset, length)
    // The client wants the space taken: zeroes as data.
    const zeroes = Buffer.alloc(Math.min(length, READ_PIECE_BYTES))
    for (let at = 0; at < length; at += zeroes.length) await this.#device.write(offset + at, zeroes.subarray(0, Math.min(zeroes.length, length - at)))
  }

  async #status(request: Request): Promise<void> {
    const { offset, length, flags } = request
    const known: Extent[] = this.#device.extents ? await this.#device.extents(offset, length) : [{ length, zero: false }]
    this.#outbox.send(allocationReply(request, known.slice(0, flags & COMMAND_FLAG.REQ_ONE ? 1 : MAX_EXTENTS)))
  }

  /** Works on a request that takes its time; an error is its answer. */
  #later(request: Request, bytes: number, work: () => Promise<void>): void {
    this.#inFlight += 1
    this.#bytesInFlight += bytes
    work()
      .catch((error: unknown) => this.#answer(request, errorNumber(error)))
      .finally(() => {
        this.#inFlight -= 1
        this.#bytesInFlight -= bytes
        this.#stir()
      })
      .catch((error: unknown) => this.#end(error))
  }

  /** Something under way has ended: send its reply with others of this turn, and go on with what waits. */
  #stir(): void {
    if (this.#over) return this.#end()
    this.#outbox.flushSoon()
    this.#work()
  }

  #answer(request: Request, error: number): void {
    const at = this.#outbox.place(STATUS_REPLY_BYTES)
    this.#outbox.commit(writeStatus(this.#outbox.pool, at, request, this.#options.structured, error))
  }
}
