import type { z } from 'zod'
import { hashOf } from '../block/content.ts'
import {
  FLAG_ZSTD, FRAME, FRAME_HEADER_BYTES, HASH_PIECE_BYTES, MAX_DATA_BYTES, MAX_FRAME_BYTES, MAX_HASH_RANGE_BYTES,
  StreamError, WRITE_FIELDS_BYTES, hello, helloOk, streamRefusal,
} from './protocol.ts'
import type { Hello, HelloOk, StreamRefusal } from './protocol.ts'

/** One message, decoded. */
export type Message =
  | { type: 'HELLO'; hello: Hello }
  | { type: 'HELLO_OK'; ok: HelloOk }
  | { type: 'WRITE'; offset: number; dataBytes: number; hash: Buffer; data: Buffer; compressed: boolean }
  | { type: 'ZERO'; offset: number; length: number }
  | { type: 'FLUSH' | 'FLUSHED'; id: number }
  | { type: 'HASHES_REQUEST'; id: number; offset: number; length: number }
  | { type: 'HASHES'; id: number; hashes: Buffer }
  | { type: 'POINT'; id: number; moment: number }
  | { type: 'POINTED'; id: number }
  | { type: 'ERROR'; refusal: StreamRefusal }

const broken = (why: string): StreamError =>
  new StreamError('BROKEN_STREAM', `The peer sent a frame that cannot be right: ${why}. Check that both agents run the same version.`)

function frame(type: number, flags: number, fieldsBytes: number, dataBytes: number): Buffer {
  const head = Buffer.alloc(FRAME_HEADER_BYTES + fieldsBytes)
  head.writeUInt32BE(fieldsBytes + dataBytes, 0)
  head.writeUInt8(type, 4)
  head.writeUInt8(flags, 5)
  return head
}

function writeOffset(into: Buffer, value: number, at: number): void {
  into.writeBigUInt64BE(BigInt(value), at)
}

function json(type: number, value: unknown): Buffer {
  const body = Buffer.from(JSON.stringify(value))
  return Buffer.concat([frame(type, 0, 0, body.length), body])
}

export const encodeHello = (value: Hello): Buffer => json(FRAME.HELLO, value)
export const encodeHelloOk = (value: HelloOk): Buffer => json(FRAME.HELLO_OK, value)
export const encodeError = (value: StreamRefusal): Buffer => json(FRAME.ERROR, value)

/** Head of a WRITE; the data (compressed or not) follows it on the wire. `hash` is BLAKE3 of the plain data. */
export function encodeWriteHead(offset: number, plain: Buffer, wireBytes: number, compressed: boolean): Buffer {
  const head = frame(FRAME.WRITE, compressed ? FLAG_ZSTD : 0, WRITE_FIELDS_BYTES, wireBytes)
  writeOffset(head, offset, 8)
  head.writeUInt32BE(plain.length, 16)
  hashOf(plain).copy(head, 20)
  return head
}

export function encodeZero(offset: number, length: number): Buffer {
  const head = frame(FRAME.ZERO, 0, 16, 0)
  writeOffset(head, offset, 8)
  writeOffset(head, length, 16)
  return head
}

function numbered(type: number, number: number): Buffer {
  const head = frame(type, 0, 4, 0)
  head.writeUInt32BE(number, 8)
  return head
}
export const encodeFlush = (number: number): Buffer => numbered(FRAME.FLUSH, number)
export const encodeFlushed = (number: number): Buffer => numbered(FRAME.FLUSHED, number)

export const encodePointed = (number: number): Buffer => numbered(FRAME.POINTED, number)

/** `moment` names one instant of all disks of a VM; 32 bits. */
export function encodePoint(number: number, moment: number): Buffer {
  const head = frame(FRAME.POINT, 0, 8, 0)
  head.writeUInt32BE(number, 8)
  head.writeUInt32BE(moment, 12)
  return head
}

export function encodeHashesRequest(number: number, offset: number, length: number): Buffer {
  const head = frame(FRAME.HASHES_REQUEST, 0, 16, 0)
  head.writeUInt32BE(number, 8)
  writeOffset(head, offset, 12)
  head.writeUInt32BE(length, 20)
  return head
}

export function encodeHashes(number: number, hashes: Buffer): Buffer {
  const head = frame(FRAME.HASHES, 0, 4, hashes.length)
  head.writeUInt32BE(number, 8)
  return Buffer.concat([head, hashes])
}

function readOffset(body: Buffer, at: number): number {
  const value = body.readBigUInt64BE(at)
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw broken('an offset beyond any disk')
  return Number(value)
}

function exactly(body: Buffer, bytes: number, name: string): void {
  if (body.length !== bytes) throw broken(`${name} of ${body.length} bytes instead of ${bytes}`)
}

function parseJson<T>(body: Buffer, schema: z.ZodType<T>, name: string): T {
  let value: unknown
  try {
    value = JSON.parse(body.toString('utf8'))
  } catch {
    throw broken(`${name} is not JSON`)
  }
  const parsed = schema.safeParse(value)
  if (!parsed.success) throw broken(`${name} has the wrong fields`)
  return parsed.data
}

function decodeWrite(flags: number, body: Buffer): Message {
  if (body.length <= WRITE_FIELDS_BYTES) throw broken('WRITE without data')
  const dataBytes = body.readUInt32BE(8)
  const data = body.subarray(WRITE_FIELDS_BYTES)
  const compressed = (flags & FLAG_ZSTD) !== 0
  if (dataBytes === 0 || dataBytes > MAX_DATA_BYTES) throw broken(`WRITE of ${dataBytes} bytes`)
  if (!compressed && data.length !== dataBytes) throw broken('WRITE whose length does not fit its data')
  return { type: 'WRITE', offset: readOffset(body, 0), dataBytes, hash: body.subarray(12, 44), data, compressed }
}

function decodeHashesRequest(body: Buffer): Message {
  exactly(body, 16, 'HASHES_REQUEST')
  const length = body.readUInt32BE(12)
  if (length === 0 || length > MAX_HASH_RANGE_BYTES) throw broken(`HASHES_REQUEST over ${length} bytes`)
  return { type: 'HASHES_REQUEST', id: body.readUInt32BE(0), offset: readOffset(body, 4), length }
}

function decodeHashes(body: Buffer): Message {
  const most = 4 + (MAX_HASH_RANGE_BYTES / HASH_PIECE_BYTES) * 32
  if (body.length < 4 || body.length > most || (body.length - 4) % 32 !== 0) throw broken('HASHES of a wrong length')
  return { type: 'HASHES', id: body.readUInt32BE(0), hashes: body.subarray(4) }
}

/** Decodes one frame's body. Throws `StreamError` BROKEN_STREAM on anything that is not exactly right. */
export function decodeFrame(type: number, flags: number, body: Buffer): Message {
  if ((flags & ~FLAG_ZSTD) !== 0) throw broken(`unknown flags ${flags}`)
  switch (type) {
    case FRAME.HELLO: return { type: 'HELLO', hello: parseJson(body, hello, 'HELLO') }
    case FRAME.HELLO_OK: return { type: 'HELLO_OK', ok: parseJson(body, helloOk, 'HELLO_OK') }
    case FRAME.ERROR: return { type: 'ERROR', refusal: parseJson(body, streamRefusal, 'ERROR') }
    case FRAME.WRITE: return decodeWrite(flags, body)
    case FRAME.ZERO:
      exactly(body, 16, 'ZERO')
      return { type: 'ZERO', offset: readOffset(body, 0), length: readOffset(body, 8) }
    case FRAME.FLUSH:
    case FRAME.FLUSHED:
      exactly(body, 4, 'FLUSH')
      return { type: type === FRAME.FLUSH ? 'FLUSH' : 'FLUSHED', id: body.readUInt32BE(0) }
    case FRAME.POINT:
      exactly(body, 8, 'POINT')
      return { type: 'POINT', id: body.readUInt32BE(0), moment: body.readUInt32BE(4) }
    case FRAME.POINTED:
      exactly(body, 4, 'POINTED')
      return { type: 'POINTED', id: body.readUInt32BE(0) }
    case FRAME.HASHES_REQUEST: return decodeHashesRequest(body)
    case FRAME.HASHES: return decodeHashes(body)
    default: throw broken(`unknown type ${type}`)
  }
}

/**
 * Cuts a byte stream into messages. Memory is bounded by `maxFrameBytes`, which the owner raises
 * once the peer has standing; a longer frame is refused at its header, before anything is allocated.
 */
export class FrameDecoder {
  maxFrameBytes: number
  readonly #header = Buffer.alloc(FRAME_HEADER_BYTES)
  readonly #reuse: boolean
  #kept = Buffer.alloc(0)
  #headerFilled = 0
  #body: Buffer | null = null
  #bodyFilled = 0

  /** With `reuse` a message's buffers are valid only until the next is asked for: large frames then cost no garbage. */
  constructor(maxFrameBytes: number = MAX_FRAME_BYTES, reuse = false) {
    this.maxFrameBytes = maxFrameBytes
    this.#reuse = reuse
  }

  /** Yields the messages completed by `chunk`. Throws `StreamError`; the decoder is not used afterwards. */
  *push(chunk: Buffer): Generator<Message, void, undefined> {
    let at = 0
    while (at < chunk.length) {
      if (this.#body === null) {
        const taken = chunk.copy(this.#header, this.#headerFilled, at)
        this.#headerFilled += taken
        at += taken
        if (this.#headerFilled < FRAME_HEADER_BYTES) return
        this.#startBody()
      }
      const body = this.#body
      if (body === null) return
      const taken = chunk.copy(body, this.#bodyFilled, at)
      this.#bodyFilled += taken
      at += taken
      if (this.#bodyFilled < body.length) return
      this.#body = null
      this.#headerFilled = 0
      yield decodeFrame(this.#header.readUInt8(4), this.#header.readUInt8(5), body)
    }
  }

  #startBody(): void {
    const length = this.#header.readUInt32BE(0)
    if (length === 0 || length > this.maxFrameBytes) throw broken(`a frame of ${length} bytes, at most ${this.maxFrameBytes} allowed`)
    if (this.#header.readUInt16BE(6) !== 0) throw broken('reserved bits set')
    this.#body = this.#room(length)
    this.#bodyFilled = 0
  }

  #room(length: number): Buffer {
    if (!this.#reuse) return Buffer.allocUnsafe(length)
    if (this.#kept.length < length) this.#kept = Buffer.allocUnsafeSlow(Math.max(length, Math.min(this.#kept.length * 2, this.maxFrameBytes)))
    return this.#kept.subarray(0, length)
  }
}
