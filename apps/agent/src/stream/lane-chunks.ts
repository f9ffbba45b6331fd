import { broken } from './frames.ts'

/** Before each chunk: u48 sequence, counted over all lanes of one direction from 0; u16 length of what follows. Big-endian. */
export const CHUNK_HEADER_BYTES = 8

/** With its header 64 KiB: small enough to share a frame of 1 MiB out among lanes, and a few TLS records at a time. */
export const MAX_CHUNK_BYTES = 64 * 1024 - CHUNK_HEADER_BYTES

export interface Chunk {
  readonly sequence: number
  readonly data: Buffer
}

/** Header and data in a buffer of its own: the caller's is its again at once. `data` holds 1 to MAX_CHUNK_BYTES bytes. */
export function encodeChunk(sequence: number, data: Buffer): Buffer {
  const chunk = Buffer.allocUnsafe(CHUNK_HEADER_BYTES + data.length)
  chunk.writeUIntBE(sequence, 0, 6)
  chunk.writeUInt16BE(data.length, 6)
  data.copy(chunk, CHUNK_HEADER_BYTES)
  return chunk
}

/** Cuts one lane's bytes into chunks. Holds at most one chunk; reserves nothing before its header was right. */
export class ChunkDecoder {
  readonly #header = Buffer.alloc(CHUNK_HEADER_BYTES)
  #headerFilled = 0
  #body: Buffer | null = null
  #bodyFilled = 0
  #latest = -1

  #startBody(): Buffer {
    const sequence = this.#header.readUIntBE(0, 6)
    const length = this.#header.readUInt16BE(6)
    if (length === 0 || length > MAX_CHUNK_BYTES) throw broken(`a chunk of ${length} bytes`)
    if (sequence <= this.#latest) throw broken(`chunk ${sequence} after chunk ${this.#latest} on one lane`)
    this.#latest = sequence
    this.#bodyFilled = 0
    return Buffer.allocUnsafe(length)
  }

  /** Yields the chunks completed by `bytes`, which are copied. Throws `StreamError` BROKEN_STREAM; the decoder is not used afterwards. */
  *push(bytes: Buffer): Generator<Chunk, void, undefined> {
    for (let at = 0; at < bytes.length; ) {
      if (this.#body === null) {
        const copied = bytes.copy(this.#header, this.#headerFilled, at)
        at += copied
        this.#headerFilled += copied
        if (this.#headerFilled === CHUNK_HEADER_BYTES) this.#body = this.#startBody()
        continue
      }
      const copied = bytes.copy(this.#body, this.#bodyFilled, at)
      at += copied
      this.#bodyFilled += copied
      if (this.#bodyFilled < this.#body.length) continue
      const data = this.#body
      this.#body = null
      this.#headerFilled = 0
      yield { sequence: this.#latest, data }
    }
  }
}
