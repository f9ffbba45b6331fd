import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { hashOf } from '../block/content.ts'
import {
  FrameDecoder, encodeError, encodeFlush, encodeFlushed, encodeHashes, encodeHashesRequest, encodeHello, encodeHelloOk, encodePoint, encodePointed,
  encodeWriteHead, encodeZero,
} from './frames.ts'
import type { Message } from './frames.ts'
import { MAX_FRAME_BYTES_BEFORE_HELLO, StreamError } from './protocol.ts'

const data = randomBytes(5000)
const wire = Buffer.concat([
  encodeHello({ version: 1, migrationId: 'm', diskKey: 'disk-0', sizeBytes: 2 ** 40 }),
  encodeHelloOk({ epoch: 'e', fresh: true }),
  encodeWriteHead(2 ** 41, data, data.length, false), data,
  encodeZero(4096, 2 ** 33),
  encodeFlush(7), encodeFlushed(7),
  encodeHashesRequest(9, 65_536, 4 * 65_536), encodeHashes(9, randomBytes(128)),
  encodePoint(11, 0xffff_fffe), encodePointed(11),
  encodeError({ code: 'NO', message: 'because' }),
])

/** The message with buffers of its own: the decoder's may be reused. */
function copied(message: Message): Message {
  if (message.type === 'WRITE') return { ...message, data: Buffer.from(message.data), hash: Buffer.from(message.hash) }
  return message.type === 'HASHES' ? { ...message, hashes: Buffer.from(message.hashes) } : message
}

/** What a decoder makes of the bytes, cut at the given sizes. */
function decode(bytes: Buffer, sizes: number[], decoder = new FrameDecoder()): Message[] {
  const found: Message[] = []
  for (let at = 0, index = 0; at < bytes.length; index += 1) {
    const size = sizes[index % sizes.length] ?? 1
    for (const message of decoder.push(bytes.subarray(at, at + size))) found.push(copied(message))
    at += size
  }
  return found
}

describe('frames', () => {
  test('every message survives, however the stream is cut, with and without reused buffers', () => {
    const whole = decode(wire, [wire.length])
    expect(whole.map((message) => message.type)).toEqual(['HELLO', 'HELLO_OK', 'WRITE', 'ZERO', 'FLUSH', 'FLUSHED', 'HASHES_REQUEST', 'HASHES', 'POINT', 'POINTED', 'ERROR'])
    expect(whole[2]).toEqual({ type: 'WRITE', offset: 2 ** 41, dataBytes: 5000, hash: hashOf(data), data, compressed: false })
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 700 }), { minLength: 1, maxLength: 20 }), fc.boolean(), (sizes, reuse) => {
        expect(decode(wire, sizes, new FrameDecoder(undefined, reuse))).toEqual(whole)
      }),
      { numRuns: 50, seed: 1 },
    )
  })

  test('whatever arrives, the decoder yields messages or refuses with BROKEN_STREAM', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), fc.nat(wire.length - 1), fc.nat(255), (noise, at, value) => {
        const damaged = Buffer.from(wire)
        damaged[at] = value
        for (const bytes of [Buffer.from(noise), damaged]) {
          try {
            decode(bytes, [64])
          } catch (error) {
            expect(error).toBeInstanceOf(StreamError)
            expect(error).toMatchObject({ code: 'BROKEN_STREAM' })
          }
        }
      }),
      { numRuns: 500, seed: 1 },
    )
  })

  test('a frame longer than allowed is refused at its header', () => {
    const header = Buffer.alloc(8)
    header.writeUInt32BE(MAX_FRAME_BYTES_BEFORE_HELLO + 1, 0)
    header.writeUInt8(1, 4)
    const decoder = new FrameDecoder(MAX_FRAME_BYTES_BEFORE_HELLO)
    expect(() => [...decoder.push(header)]).toThrow(/at most 65536 allowed/)
  })
})
