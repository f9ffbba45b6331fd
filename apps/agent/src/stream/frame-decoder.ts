import { giveBuffer, takeBuffer } from './buffer-pool.ts'
import { broken, decodeFrame } from './frames.ts'
import type { Message } from './frames.ts'
import { FRAME_HEADER_BYTES, MAX_FRAME_BYTES } from './protocol.ts'

/** A message and the buffer that its parts point into; `release` it when it is dealt with. */
export interface Received {
  readonly message: Message
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

  /**
   * Yields the messages completed by `chunk`, whose bytes are all copied. Throws `StreamError` BROKEN_STREAM; the decoder
   * is not used afterwards.
   */
  *push(chunk: Buffer): Generator<Received, void, undefined> {
    let at = 0
    while (at < chunk.length) {
      if (this.#body === null) {
        const taken = chunk.copy(this.#header, this.#headerFilled, at)
        this.#headerFilled += taken
        at += taken
        if (this.#headerFilled < FRAME_HEADER_BYTES) return
        this.#body = this.#startBody()
      }
      const body = this.#body
      const taken = chunk.copy(body, this.#bodyFilled, at, Math.min(chunk.length, at + this.#bodyBytes - this.#bodyFilled))
      this.#bodyFilled += taken
      at += taken
      if (this.#bodyFilled < this.#bodyBytes) return
      this.#body = null
      this.#headerFilled = 0
      const message = decodeFrame(this.#header.readUInt8(4), this.#header.readUInt8(5), body.subarray(0, this.#bodyBytes))
      yield { message, release: () => giveBuffer(body) }
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
