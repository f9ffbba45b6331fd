import type { BlockDevice } from './block-device.ts'
import type { BufferPool } from './buffer-pool.ts'
import { errorNumber, numberOf } from './errors.ts'
import type { BlockErrorCode } from './errors.ts'
import type { Request } from './protocol.ts'
import type { ReceiveBuffer } from './receive-buffer.ts'

/** Parts end at a multiple of this on the disk: a page written in two halves costs more than twice. */
const PAGE_BYTES = 4096
/** Parts are at least so long, but for the last: each costs a call. */
const LEAST_PART_BYTES = 64 * 1024

/**
 * One long write, put to the device part by part as its payload arrives, so that it is never held in full.
 * The parts are separate writes to the device; the client hears of them together, when the last has ended. After
 * a failed part the rest is swallowed.
 */
export class WriteInParts {
  readonly #device: BlockDevice
  readonly #memory: BufferPool
  readonly #request: Request
  readonly #inFlight: (bytes: number) => void
  readonly #done: (error: number) => void
  #arrivedBytes = 0
  #pending = 0
  #error: number
  #ended = false

  /** `inFlight` is told of payload held and let go; `done` is called once after `end`, with 0 or an NBD number. */
  constructor(device: BlockDevice, memory: BufferPool, request: Request, refusal: BlockErrorCode | null, inFlight: (bytes: number) => void, done: (error: number) => void) {
    this.#device = device
    this.#memory = memory
    this.#request = request
    this.#inFlight = inFlight
    this.#done = done
    this.#error = refusal === null ? 0 : numberOf(refusal)
  }

  /** The whole payload has been taken. */
  get arrived(): boolean {
    return this.#arrivedBytes === this.#request.length
  }

  /** Takes what has arrived, if it is worth a part; false when it is not. */
  take(buffer: ReceiveBuffer): boolean {
    const left = this.#request.length - this.#arrivedBytes
    const at = this.#request.offset + this.#arrivedBytes
    let length = Math.min(left, buffer.length)
    if (length < left) {
      length -= (at + length) % PAGE_BYTES
      if (length < LEAST_PART_BYTES) return false
    }
    const part = buffer.take(length)
    this.#arrivedBytes += length
    if (this.#error === 0) this.#put(at, part)
    return true
  }

  /** Nothing more comes. */
  end(): void {
    this.#ended = true
    if (this.#pending === 0) this.#done(this.#error)
  }

  /** The client is gone before the end. True: nothing is under way; else `done` is called when nothing is. */
  abandon(): boolean {
    this.#ended = true
    return this.#pending === 0
  }

  #put(at: number, part: Buffer): void {
    try {
      if (this.#device.writeNow?.(at, part, false) === true) return
    } catch (error) {
      this.#error = errorNumber(error)
      return
    }
    const { length } = part
    const own = this.#memory.take(length)
    part.copy(own)
    this.#pending += 1
    this.#inFlight(length)
    const settle = (error: number) => {
      this.#memory.give(own)
      this.#pending -= 1
      this.#inFlight(-length)
      if (this.#error === 0) this.#error = error
      if (this.#ended && this.#pending === 0) this.#done(this.#error)
    }
    this.#device.write(at, own.subarray(0, length)).then(() => settle(0), (error: unknown) => settle(errorNumber(error)))
  }
}
