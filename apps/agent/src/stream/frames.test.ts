import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test, vi } from 'vitest'
import { hashOf } from '../block/content.ts'
import { seededRandom } from '../testing/pair.ts'
import { FrameDecoder } from './frame-decoder.ts'
import {
  encodeError, encodeFlush, encodeFlushed, encodeHashes, encodeHashesRequest, encodeHello, encodeHelloOk, encodeLanes, encodeLanesOk, encodeMark, encodeMarked, encodeOffer,
  encodePoint, encodePointed, encodeProbe, encodeProbeData, encodeTaken, encodeWrite, encodeZero,
} from './frames.ts'
import type { Message } from './frames.ts'
import { FRAME_HEADER_BYTES, MAX_FRAME_BYTES, MAX_FRAME_BYTES_BEFORE_HELLO, StreamError } from './protocol.ts'

const data = randomBytes(5000)
const frames = [
  encodeHello({ version: 1, migrationId: 'm', diskKey: 'disk-0', sizeBytes: 2 ** 40 }),
  encodeHelloOk({ epoch: 'e', fresh: true }),
  encodeWrite(2 ** 41, data), encodeWrite(2 ** 41, data, data.subarray(0, 100)),
  encodeZero(4096, 2 ** 33),
  encodeMark(3), encodeMarked(3),
  encodeFlush(7, 2 ** 42), encodeFlushed(7),
  encodeHashesRequest(9, 65_536, 4 * 65_536), encodeHashes(9, randomBytes(128)),
  encodeOffer(10, 65_536, 65_537, randomBytes(64)), encodeTaken(10, Buffer.from([3])),
  encodePoint(11, 0xffff_fffe), encodePointed(11),
  encodeLanes({ bundle: '0123456789abcdef0123456789abcdef', index: 1, of: 4 }), encodeLanesOk(4),
  encodeProbe('PROBE', 'a1'.repeat(32)), encodeProbe('PROBE_OK', 'b2'.repeat(32)), encodeProbeData(data),
  encodeError({ code: 'NO', message: 'because' }),
]
const wire = Buffer.concat(frames)

/** The message with buffers of its own: the decoder's go back to where they came from. */
function copied(message: Message): Message {
  if (message.type === 'WRITE') return { ...message, data: Buffer.from(message.data), hash: Buffer.from(message.hash) }
  if (message.type === 'TAKEN') return { ...message, bits: Buffer.from(message.bits) }
  return message.type === 'HASHES' || message.type === 'OFFER' ? { ...message, hashes: Buffer.from(message.hashes) } : message
}

/** What a decoder makes of the bytes, cut at the given sizes. */
function decode(bytes: Buffer, sizes: number[], decoder = new FrameDecoder()): Message[] {
  const found: Message[] = []
  for (let at = 0, index = 0; at < bytes.length; index += 1) {
    const size = sizes[index % sizes.length] ?? 1
    for (const { message, release } of decoder.push(bytes.subarray(at, at + size))) {
      found.push(copied(message))
      release()
    }
    at += size
  }
  return found
}

describe('frames', () => {
  test('every message survives, however the stream is cut', () => {
    const whole = decode(wire, [wire.length])
    expect(whole.map((message) => message.type)).toEqual([
      'HELLO', 'HELLO_OK', 'WRITE', 'WRITE', 'ZERO', 'MARK', 'MARKED', 'FLUSH', 'FLUSHED', 'HASHES_REQUEST', 'HASHES', 'OFFER', 'TAKEN', 'POINT', 'POINTED', 'LANES', 'LANES_OK', 'PROBE', 'PROBE_OK', 'PROBE_DATA', 'ERROR',
    ])
    expect(whole[1]).toEqual({ type: 'HELLO_OK', ok: { epoch: 'e', fresh: true, sweptBytes: 0, takesOffers: false } })
    expect(whole[2]).toEqual({ type: 'WRITE', offset: 2 ** 41, dataBytes: 5000, hash: hashOf(data), data, compressed: false })
    expect(whole[7]).toEqual({ type: 'FLUSH', id: 7, sweptBytes: 2 ** 42 })
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 700 }), { minLength: 1, maxLength: 20 }), (sizes) => {
        expect(decode(wire, sizes)).toEqual(whole)
      }),
      { numRuns: 50, seed: 1 },
    )
  })

  test('10,000 damaged streams: the decoder yields messages or refuses with BROKEN_STREAM, and reserves no more than is allowed', () => {
    const random = seededRandom(3)
    const below = (limit: number) => Math.floor(random() * limit)
    const spies = [vi.spyOn(Buffer, 'allocUnsafeSlow'), vi.spyOn(Buffer, 'allocUnsafe')]
    let refused = 0
    for (let round = 0; round < 10_000; round += 1) {
      const bytes = damage(below)
      const limit = below(2) === 0 ? MAX_FRAME_BYTES_BEFORE_HELLO : MAX_FRAME_BYTES
      const sizes = Array.from({ length: 1 + below(6) }, () => 1 + below(3000))
      for (const spy of spies) spy.mockClear()
      try {
        decode(bytes, sizes, new FrameDecoder(limit))
      } catch (error) {
        refused += 1
        if (!(error instanceof StreamError) || error.code !== 'BROKEN_STREAM') throw error
      }
      const reserved = spies.flatMap((spy) => spy.mock.calls).reduce((sum, [size]) => sum + size, 0)
      // One frame at a time, and what this test and the decoder copy of what was sent.
      if (reserved > limit + 64 * 1024 + 8 * bytes.length) expect.fail(`${reserved} bytes reserved for ${bytes.length} sent`)
    }
    for (const spy of spies) spy.mockRestore()
    expect(refused).toBeGreaterThan(2_000)
    expect(refused).toBeLessThan(9_900)
  }, 30_000)

  test('a frame longer than allowed is refused at its header', () => {
    const header = Buffer.alloc(8)
    header.writeUInt32BE(MAX_FRAME_BYTES_BEFORE_HELLO + 1, 0)
    header.writeUInt8(1, 4)
    const decoder = new FrameDecoder(MAX_FRAME_BYTES_BEFORE_HELLO)
    expect(() => [...decoder.push(header)]).toThrow(/at most 65536 allowed/)
  })
})

/** Some frames, in any order, with bytes changed, cut out, or put in; sometimes noise alone, under a header that could be right. */
function damage(below: (limit: number) => number): Buffer {
  const chosen = Array.from({ length: 1 + below(6) }, () => frames[below(frames.length)] ?? wire)
  const bytes = Buffer.concat(below(8) === 0 ? [noise(below, below(400))] : chosen)
  if (below(4) === 0) {
    const header = Buffer.alloc(FRAME_HEADER_BYTES)
    header.writeUInt32BE(below(300), 0)
    header.writeUInt8(below(20), 4)
    return Buffer.concat([header, noise(below, 300), bytes])
  }
  for (let changes = below(4); changes > 0 && bytes.length > 0; changes -= 1) bytes[below(bytes.length)] = below(256)
  const cut = below(bytes.length + 1)
  return below(3) === 0 ? Buffer.concat([bytes.subarray(0, cut), noise(below, below(9)), bytes.subarray(cut)]) : bytes
}

const noise = (below: (limit: number) => number, length: number): Buffer => Buffer.from(Array.from({ length }, () => below(256)))
