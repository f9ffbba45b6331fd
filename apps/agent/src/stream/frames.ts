import type { z } from 'zod'
import { hashOf } from '../block/content.ts'
import {
  FLAG_ZSTD, FRAME, FRAME_HEADER_BYTES, HASH_BYTES, HASH_PIECE_BYTES, MAX_DATA_BYTES, MAX_HASH_RANGE_BYTES,
  StreamError, WRITE_FIELDS_BYTES, WRITE_HEAD_BYTES, hello, helloOk, lanes, lanesOk, probe, streamRefusal,
} from './protocol.ts'
import type { Hello, HelloOk, HelloOkSaid, Lanes, StreamRefusal } from './protocol.ts'

/** One message, decoded. */
export type Message =
  | { type: 'HELLO'; hello: Hello }
  | { type: 'HELLO_OK'; ok: HelloOk }
  | { type: 'WRITE'; offset: number; dataBytes: number; hash: Buffer; data: Buffer; compressed: boolean }
  | { type: 'ZERO'; offset: number; length: number }
  | { type: 'FLUSH'; id: number; sweptBytes: number }
  | { type: 'FLUSHED' | 'MARK' | 'MARKED'; id: number }
  | { type: 'HASHES_REQUEST'; id: number; offset: number; length: number }
  | { type: 'HASHES'; id: number; hashes: Buffer }
  | { type: 'OFFER'; id: number; offset: number; length: number; hashes: Buffer }
  | { type: 'TAKEN'; id: number; bits: Buffer }
  | { type: 'POINT'; id: number; moment: number }
  | { type: 'POINTED'; id: number }
  | { type: 'LANES'; lanes: Lanes }
  | { type: 'LANES_OK' }
  | { type: 'PROBE' | 'PROBE_OK'; proof: string }
  | { type: 'PROBE_DATA'; dataBytes: number }
  | { type: 'ERROR'; refusal: StreamRefusal }

/** What a peer sent that no peer of ours can have sent. */
export const broken = (why: string): StreamError =>
  new StreamError('BROKEN_STREAM', `The peer sent a frame that cannot be right: ${why}. Check that both agents run the same version.`)

/** Fields of a frame that names a range: id, offset, length. */
const RANGED_FIELDS_BYTES = 4 + 8 + 4

const piecesIn = (length: number): number => Math.ceil(length / HASH_PIECE_BYTES)

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
export const encodeHelloOk = (value: HelloOkSaid): Buffer => json(FRAME.HELLO_OK, value)
export const encodeLanes = (value: Lanes): Buffer => json(FRAME.LANES, value)
export const encodeLanesOk = (of: number): Buffer => json(FRAME.LANES_OK, { of })
export const encodeProbe = (type: 'PROBE' | 'PROBE_OK', proof: string): Buffer => json(FRAME[type], { proof })
export const encodeProbeData = (data: Buffer): Buffer => Buffer.concat([frame(FRAME.PROBE_DATA, 0, 0, data.length), data])
export const encodeError = (value: StreamRefusal): Buffer => json(FRAME.ERROR, value)

/**
 * Writes the head of a WRITE into the WRITE_HEAD_BYTES before `at`, where its data (compressed or not) begins: head and
 * data then go out as one piece. `hash` is BLAKE3 of the `plainBytes` plain bytes.
 */
export function putWriteHead(into: Buffer, at: number, fields: { offset: number; plainBytes: number; hash: Buffer; wireBytes: number; compressed: boolean }): void {
  const start = at - WRITE_HEAD_BYTES
  into.writeUInt32BE(WRITE_FIELDS_BYTES + fields.wireBytes, start)
  into.writeUInt32BE((FRAME.WRITE << 24) | ((fields.compressed ? FLAG_ZSTD : 0) << 16), start + 4)
  writeOffset(into, fields.offset, start + 8)
  into.writeUInt32BE(fields.plainBytes, start + 16)
  fields.hash.copy(into, start + 20, 0, HASH_BYTES)
}

/** A whole WRITE frame in a buffer of its own. */
export function encodeWrite(offset: number, plain: Buffer, compressed: Buffer | null = null): Buffer {
  const data = compressed ?? plain
  const frame = Buffer.allocUnsafe(WRITE_HEAD_BYTES + data.length)
  data.copy(frame, WRITE_HEAD_BYTES)
  putWriteHead(frame, WRITE_HEAD_BYTES, { offset, plainBytes: plain.length, hash: hashOf(plain), wireBytes: data.length, compressed: compressed !== null })
  return frame
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
export const encodeMark = (number: number): Buffer => numbered(FRAME.MARK, number)
export const encodeMarked = (number: number): Buffer => numbered(FRAME.MARKED, number)
export const encodeFlushed = (number: number): Buffer => numbered(FRAME.FLUSHED, number)

/** `sweptBytes`: up to where the sweep has been sent; the target records it once all is durable. */
export function encodeFlush(number: number, sweptBytes: number): Buffer {
  const head = frame(FRAME.FLUSH, 0, 12, 0)
  head.writeUInt32BE(number, 8)
  writeOffset(head, sweptBytes, 12)
  return head
}

export const encodePointed = (number: number): Buffer => numbered(FRAME.POINTED, number)

/** `moment` names one instant of all disks of a VM; 32 bits. */
export function encodePoint(number: number, moment: number): Buffer {
  const head = frame(FRAME.POINT, 0, 8, 0)
  head.writeUInt32BE(number, 8)
  head.writeUInt32BE(moment, 12)
  return head
}

function ranged(type: number, number: number, offset: number, length: number, dataBytes: number): Buffer {
  const head = frame(type, 0, RANGED_FIELDS_BYTES, dataBytes)
  head.writeUInt32BE(number, 8)
  writeOffset(head, offset, 12)
  head.writeUInt32BE(length, 20)
  return head
}
export const encodeHashesRequest = (number: number, offset: number, length: number): Buffer => ranged(FRAME.HASHES_REQUEST, number, offset, length, 0)

/** `hashes`: BLAKE3 of each piece of the range, as the source has it. */
export const encodeOffer = (number: number, offset: number, length: number, hashes: Buffer): Buffer =>
  Buffer.concat([ranged(FRAME.OFFER, number, offset, length, hashes.length), hashes])

function numberedData(type: number, number: number, data: Buffer): Buffer {
  const head = frame(type, 0, 4, data.length)
  head.writeUInt32BE(number, 8)
  return Buffer.concat([head, data])
}
export const encodeHashes = (number: number, hashes: Buffer): Buffer => numberedData(FRAME.HASHES, number, hashes)
export const encodeTaken = (number: number, bits: Buffer): Buffer => numberedData(FRAME.TAKEN, number, bits)

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

function decodeRange(body: Buffer, name: string): { id: number; offset: number; length: number } {
  const length = body.readUInt32BE(12)
  if (length === 0 || length > MAX_HASH_RANGE_BYTES) throw broken(`${name} over ${length} bytes`)
  return { id: body.readUInt32BE(0), offset: readOffset(body, 4), length }
}

function decodeOffer(body: Buffer): Message {
  if (body.length <= RANGED_FIELDS_BYTES) throw broken('OFFER without hashes')
  const range = decodeRange(body, 'OFFER')
  exactly(body, RANGED_FIELDS_BYTES + piecesIn(range.length) * HASH_BYTES, 'OFFER')
  return { type: 'OFFER', ...range, hashes: body.subarray(RANGED_FIELDS_BYTES) }
}

function decodeHashes(body: Buffer): Message {
  const most = 4 + piecesIn(MAX_HASH_RANGE_BYTES) * HASH_BYTES
  if (body.length < 4 || body.length > most || (body.length - 4) % HASH_BYTES !== 0) throw broken('HASHES of a wrong length')
  return { type: 'HASHES', id: body.readUInt32BE(0), hashes: body.subarray(4) }
}

function decodeTaken(body: Buffer): Message {
  if (body.length < 5 || body.length > 4 + Math.ceil(piecesIn(MAX_HASH_RANGE_BYTES) / 8)) throw broken('TAKEN of a wrong length')
  return { type: 'TAKEN', id: body.readUInt32BE(0), bits: body.subarray(4) }
}

function decodeNumbered(type: 'FLUSHED' | 'MARK' | 'MARKED' | 'POINTED', body: Buffer): Message {
  exactly(body, 4, type)
  return { type, id: body.readUInt32BE(0) }
}

/** Decodes one frame's body. Throws `StreamError` BROKEN_STREAM on anything that is not exactly right. */
export function decodeFrame(type: number, flags: number, body: Buffer): Message {
  if ((flags & ~FLAG_ZSTD) !== 0) throw broken(`unknown flags ${flags}`)
  switch (type) {
    case FRAME.HELLO: return { type: 'HELLO', hello: parseJson(body, hello, 'HELLO') }
    case FRAME.HELLO_OK: return { type: 'HELLO_OK', ok: parseJson(body, helloOk, 'HELLO_OK') }
    case FRAME.ERROR: return { type: 'ERROR', refusal: parseJson(body, streamRefusal, 'ERROR') }
    case FRAME.LANES: return { type: 'LANES', lanes: parseJson(body, lanes, 'LANES') }
    case FRAME.LANES_OK:
      parseJson(body, lanesOk, 'LANES_OK')
      return { type: 'LANES_OK' }
    case FRAME.PROBE: return { type: 'PROBE', ...parseJson(body, probe, 'PROBE') }
    case FRAME.PROBE_OK: return { type: 'PROBE_OK', ...parseJson(body, probe, 'PROBE_OK') }
    case FRAME.PROBE_DATA: return { type: 'PROBE_DATA', dataBytes: body.length }
    case FRAME.WRITE: return decodeWrite(flags, body)
    case FRAME.ZERO:
      exactly(body, 16, 'ZERO')
      return { type: 'ZERO', offset: readOffset(body, 0), length: readOffset(body, 8) }
    case FRAME.FLUSH:
      exactly(body, 12, 'FLUSH')
      return { type: 'FLUSH', id: body.readUInt32BE(0), sweptBytes: readOffset(body, 4) }
    case FRAME.FLUSHED: return decodeNumbered('FLUSHED', body)
    case FRAME.MARK: return decodeNumbered('MARK', body)
    case FRAME.MARKED: return decodeNumbered('MARKED', body)
    case FRAME.POINT:
      exactly(body, 8, 'POINT')
      return { type: 'POINT', id: body.readUInt32BE(0), moment: body.readUInt32BE(4) }
    case FRAME.POINTED: return decodeNumbered('POINTED', body)
    case FRAME.HASHES_REQUEST:
      exactly(body, RANGED_FIELDS_BYTES, 'HASHES_REQUEST')
      return { type: 'HASHES_REQUEST', ...decodeRange(body, 'HASHES_REQUEST') }
    case FRAME.HASHES: return decodeHashes(body)
    case FRAME.OFFER: return decodeOffer(body)
    case FRAME.TAKEN: return decodeTaken(body)
    default: throw broken(`unknown type ${type}`)
  }
}
