import { giveBuffer, takeBuffer } from './buffer-pool.ts'
import { broken, decodeFrame } from './frames.ts'
import type { Message } from './frames.ts'
import { FRAME_HEADER_BYTES, MAX_FRAME_BYTES } from './protocol.ts'

/** A message and the buffer that its parts point into; `release` it when it is dealt with. */
export interface Received {
  readonly message: Message
  /** What it took on the wire, its header not counted. */
  readonly bytes: number
  readonly release: () => void
}

/**
 * Cuts a byte stream into messages. Memory is bounded by `maxFrameBytes`, which the owner raises once the peer has
 * standing; a longer frame is refused at its header, before anything is allocated.
 */
export class FrameDecoder {
  maxFrameBytes: number
  readonly #header = Buffer.alloc(FRAME_HEADER_BYTES)
  #headerFilled = 0
  #body: Buffer | null = null
  #bodyBytes = 0
  #bodyFilled = 0

  constructor(maxFrameBytes: number = MAX_FRAME_BYTES) {
    this.maxFrameBytes = maxFrameBytes
  }

  /** Where the next bytes of the stream belong: never empty, never more than one frame needs. */
  room(): Buffer {
    if (this.#body === null) return this.#header.subarray(this.#headerFilled)
    return this.#body.subarray(this.#bodyFilled, this.#bodyBytes)
  }

  /**
   * So many bytes were put into `room()`. Returns the message that they complete; null when it needs more. Throws
   * `StreamError` BROKEN_STREAM; the decoder is not used afterwards.
   */
  received(count: number): Received | null {
    if (this.#body === null) {
      this.#headerFilled += count
      if (this.#headerFilled === FRAME_HEADER_BYTES) this.#body = this.#startBody()
      return null
    }
    this.#bodyFilled += count
    if (this.#bodyFilled < this.#bodyBytes) return null
    const body = this.#body
    this.#body = null
    this.#headerFilled = 0
    const message = decodeFrame(this.#header.readUInt8(4), this.#header.readUInt8(5), body.subarray(0, this.#bodyBytes))
    return { message, bytes: this.#bodyBytes, release: () => giveBuffer(body) }
  }

  /** Yields the messages completed by `chunk`, whose bytes are all copied. Throws as `received` does. */
  *push(chunk: Buffer): Generator<Received, void, undefined> {
    for (let at = 0; at < chunk.length; ) {
      const copied = chunk.copy(this.room(), 0, at)
      at += copied
      const received = this.received(copied)
      if (received !== null) yield received
    }
  }

  #startBody(): Buffer {
    const length = this.#header.readUInt32BE(0)
    if (length === 0 || length > this.maxFrameBytes) throw broken(`a frame of ${length} bytes, at most ${this.maxFrameBytes} allowed`)
    if (this.#header.readUInt16BE(6) !== 0) throw broken('reserved bits set')
    this.#bodyBytes = length
    this.#bodyFilled = 0
    // A peer without standing gets no more than it sends.
    return this.maxFrameBytes < MAX_FRAME_BYTES ? Buffer.allocUnsafe(length) : takeBuffer(length)
  }
}
