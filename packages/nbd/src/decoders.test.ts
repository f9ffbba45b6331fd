import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { createConnection, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { decodeOptionReplyHeader, readGo } from './client-handshake.ts'
import { BlockError } from './errors.ts'
import { connectNbd, serveNbd } from './index.ts'
import { decodeContext, decodeContextQuery, encodeContext, encodeContextQuery } from './meta-context.ts'
import { BASE_ALLOCATION, CHUNK, COMMAND, NbdProtocolError, OPTION, OPTION_MAGIC, OPTION_REPLY, STRUCTURED_REPLY_BYTES, decodeRequest, encodeName, encodeOption, encodeOptionReply, encodeRequest, writeChunkHeader, writeOffset, writeSimpleReply } from './protocol.ts'
import type { Request } from './protocol.ts'
import { MAX_COLLECTED_BYTES, ReplyDecoder } from './reply-decoder.ts'
import type { AwaitedReply } from './reply-decoder.ts'
import { refusalOf } from './request-check.ts'
import { Negotiation, decodeOptionHeader, greeting } from './server-handshake.ts'
import { memoryDevice } from './testing/memory-device.ts'
import { damaged, oneOf, seeded, upTo } from './testing/seeded.ts'

const CASES = 10_000
let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nbd-'))
})
afterEach(async () => {
  vi.restoreAllMocks()
  await rm(folder, { recursive: true })
})

/** Runs one case: it may end well or in the decoder's own error, in nothing else. True when it ended well. */
function survives(seed: number, decode: (random: () => number) => void): boolean {
  try {
    decode(seeded(seed))
    return true
  } catch (error) {
    if (!(error instanceof NbdProtocolError)) throw new Error(`Seed ${seed} ended in ${String(error)}.`, { cause: error })
    return false
  }
}

/** How many of all cases end well; decoders that accept everything, or nothing, would not be tested. */
const goodOf = (decode: (random: () => number) => void): number => Array.from({ length: CASES }, (_, seed) => survives(seed, decode)).filter(Boolean).length

function expectBoth(good: number): void {
  expect(good).toBeGreaterThan(CASES / 100)
  expect(good).toBeLessThan(CASES)
}

function anyOption(random: () => number): Buffer {
  const name = oneOf(random, ['disk-0', '', 'other', 'x'.repeat(4096)])
  const option = oneOf(random, [OPTION.EXPORT_NAME, OPTION.LIST, OPTION.STARTTLS, OPTION.INFO, OPTION.GO, OPTION.STRUCTURED_REPLY, OPTION.LIST_META_CONTEXT, OPTION.SET_META_CONTEXT, 99])
  const data = oneOf(random, [
    Buffer.alloc(0), Buffer.from(name), Buffer.concat([encodeName(name), Buffer.alloc(2)]),
    encodeContextQuery(name, [oneOf(random, [BASE_ALLOCATION, 'base:', 'qemu:dirty-bitmap:b'])]),
  ])
  return encodeOption(option, data)
}

test('handshake options: ten thousand damaged conversations', () => {
  const good = goodOf((random) => {
    const negotiation = new Negotiation({ name: 'disk-0', sizeBytes: 2 ** 40, flags: 1, tlsRequired: random() < 0.3 }, upTo(random, 4))
    for (let options = 1 + upTo(random, 40); options > 0; options -= 1) {
      const message = random() < 0.5 ? anyOption(random) : damaged(random, anyOption(random))
      const { option, length } = decodeOptionHeader(message.subarray(0, 16))
      const { replies, next } = negotiation.take(option, message.subarray(16, 16 + length))
      expect(replies.reduce((sum, reply) => sum + reply.length, 0)).toBeLessThan(1024)
      if (next === 'START_TLS') negotiation.secured()
      else if (next !== 'HAGGLE') return
    }
  })
  expectBoth(good)
})

test('meta context queries: what is accepted is what was encoded', () => {
  let accepted = 0
  for (let seed = 0; seed < CASES; seed += 1) {
    const random = seeded(seed)
    const queries = Array.from({ length: upTo(random, 5) }, () => 'q'.repeat(upTo(random, 50)))
    const message = damaged(random, encodeContextQuery('disk-0', queries))
    const decoded = decodeContextQuery(message)
    if (decoded === null) continue
    accepted += 1
    expect(decoded.queries.length).toBeLessThanOrEqual(64)
  }
  expectBoth(accepted)
})

test('requests: ten thousand damaged ones', () => {
  const limits = { sizeBytes: 2 ** 30, readOnly: false, allocation: true }
  const good = goodOf((random) => {
    const message = damaged(random, encodeRequest({ flags: oneOf(random, [0, 1, 2, 16]), command: upTo(random, 9), cookieHigh: 1, cookieLow: 2, offset: upTo(random, 2 ** 52), length: upTo(random, 2 ** 32) }))
    if (message.length < 28) return
    const request = decodeRequest(message)
    if (refusalOf(request, limits) !== null || request.command === COMMAND.FLUSH) return
    // Whatever is let through lies on the disk.
    expect(request.offset + request.length).toBeLessThanOrEqual(limits.sizeBytes)
  })
  expectBoth(good)
})

const ask = (command: number, length: number): Request => ({ flags: 0, command, cookieHigh: 0, cookieLow: 1, offset: 4096, length })

/** What a decent server answers to a read (cookie 1), a block status (2) and a flush (3), in this order or another. */
function decentReplies(random: () => number, structured: boolean): Buffer {
  const read = ask(COMMAND.READ, 1000)
  const flush = Buffer.alloc(16)
  writeSimpleReply(flush, { ...read, cookieLow: 3 }, oneOf(random, [0, 0, 5]))
  if (!structured) {
    const simple = Buffer.alloc(16 + 1000, 7)
    writeSimpleReply(simple, read, 0)
    return Buffer.concat(random() < 0.5 ? [simple, flush] : [flush, simple])
  }
  const chunk = (cookieLow: number, flags: number, type: number, payload: Buffer) => {
    const header = Buffer.alloc(STRUCTURED_REPLY_BYTES)
    writeChunkHeader(header, { ...read, cookieLow }, flags, type, payload.length)
    return Buffer.concat([header, payload])
  }
  const data = Buffer.alloc(8 + 600, 7)
  writeOffset(data, 4096, 0)
  const hole = Buffer.alloc(12)
  writeOffset(hole, 4096 + 600, 0)
  hole.writeUInt32BE(400, 8)
  const status = Buffer.alloc(4 + 16)
  for (const [index, value] of [1, 4096, 0, 8192, 3].entries()) status.writeUInt32BE(value, index * 4)
  const failed = Buffer.from([0, 0, 0, 5, 0, 0])
  const answers = [
    chunk(1, 0, CHUNK.OFFSET_DATA, data),
    chunk(1, random() < 0.5 ? 1 : 0, CHUNK.OFFSET_HOLE, hole),
    chunk(2, 1, CHUNK.BLOCK_STATUS, status),
    flush,
  ]
  if (answers[1]?.readUInt16BE(4) === 0) answers.push(random() < 0.5 ? chunk(1, 1, CHUNK.NONE, Buffer.alloc(0)) : chunk(1, 1, CHUNK.ERROR, failed))
  return Buffer.concat(answers)
}

test.each([{ structured: true }, { structured: false }])('a server’s replies (structured: $structured): ten thousand damaged streams', ({ structured }) => {
  let largest = 0
  vi.spyOn(Buffer, 'allocUnsafe').mockImplementation((size) => {
    largest = Math.max(largest, size)
    return Buffer.alloc(size)
  })
  let answered = 0
  const good = goodOf((random) => {
    const into = Buffer.alloc(1000)
    const waiting = new Map<number, AwaitedReply>([
      [1, { offset: 4096, into, onStatus: null, received: 0, error: 0 }],
      [2, { offset: 0, into: null, onStatus: (_, extents) => expect(extents.length).toBeGreaterThan(0), received: 0, error: 0 }],
      [3, { offset: 0, into: null, onStatus: null, received: 0, error: 0 }],
    ])
    const decoder = new ReplyDecoder(
      {
        find: (high, low) => (high === 0 ? waiting.get(low) : undefined),
        done: (_, low) => {
          answered += 1
          waiting.delete(low)
        },
      },
      structured,
    )
    const decent = decentReplies(random, structured)
    const stream = random() < 0.3 ? decent : damaged(random, decent)
    for (let at = 0; at < stream.length; ) {
      const piece = 1 + upTo(random, oneOf(random, [3, 50, 5000]))
      decoder.feed(stream.subarray(at, at + piece))
      at += piece
    }
  })
  expectBoth(good)
  expect(answered).toBeGreaterThan(CASES)
  expect(largest).toBeLessThanOrEqual(MAX_COLLECTED_BYTES)
})

test('replies to options: ten thousand damaged ones', () => {
  const good = goodOf((random) => {
    const info = Buffer.alloc(12)
    writeOffset(info, upTo(random, 2 ** 45), 2)
    const context = encodeContext(1, BASE_ALLOCATION)
    const message = damaged(random, encodeOptionReply(OPTION.GO, oneOf(random, [OPTION_REPLY.INFO, OPTION_REPLY.ACK, OPTION_REPLY.ERR_UNKNOWN]), random() < 0.5 ? info : context))
    if (message.length < 20) return
    const { type, length } = decodeOptionReplyHeader(message.subarray(0, 20), OPTION.GO)
    const data = message.subarray(20, 20 + length)
    decodeContext(data)
    expect(readGo('disk-0', [{ type, data }]).sizeBytes).toBeLessThanOrEqual(Number.MAX_SAFE_INTEGER)
  })
  expectBoth(good)
})

test('ten thousand malformed conversations leave a server unharmed', { timeout: 120_000 }, async () => {
  const device = memoryDevice(1024 * 1024, true)
  const socketPath = join(folder, 'disk.sock')
  const server = await serveNbd({ socketPath, exportName: 'disk-0', device })
  const client = await connectNbd({ socketPath, exportName: 'disk-0', reconnect: { forSeconds: 10 } })
  const descriptors = async () => (await readdir('/proc/self/fd')).length
  const before = await descriptors()
  const random = seeded(20261125)
  for (let round = 0; round < CASES / 40; round += 1) await Promise.all(Array.from({ length: 40 }, () => attack(socketPath, random)))
  const data = Buffer.alloc(4096, 9)
  await client.write(0, data)
  const into = Buffer.alloc(4096)
  await client.read(0, into)
  expect(into.equals(data)).toBe(true)
  await expect.poll(() => server.connections()).toBe(1)
  await expect.poll(descriptors).toBeLessThanOrEqual(before)
  await client.close()
  await server.close()
})

/** Greets correctly or not, agrees on this and that, sends a few requests, all with some bytes changed, and hangs up. */
function attack(socketPath: string, random: () => number): Promise<void> {
  const go = encodeOption(OPTION.GO, Buffer.concat([encodeName('disk-0'), Buffer.alloc(2)]))
  const before = [encodeOption(OPTION.STRUCTURED_REPLY), encodeOption(OPTION.SET_META_CONTEXT, encodeContextQuery('disk-0', [BASE_ALLOCATION])), anyOption(random)].filter(() => random() < 0.5)
  const requests = Array.from({ length: upTo(random, 4) }, () => {
    const command = upTo(random, 8)
    const length = oneOf(random, [0, 512, 70_000, upTo(random, 2 ** 32)])
    const request = encodeRequest({ flags: 0, command, cookieHigh: 0, cookieLow: 1, offset: oneOf(random, [0, 4096, upTo(random, 2 ** 40)]), length })
    return command === COMMAND.WRITE && length < 100_000 ? Buffer.concat([request, Buffer.alloc(length)]) : request
  })
  const message = Buffer.concat([Buffer.from([0, 0, 0, 3]), ...before, go, ...requests])
  return new Promise((resolve) => {
    const socket = createConnection(socketPath)
    socket.on('error', () => undefined).on('close', () => resolve())
    socket.on('connect', () => socket.end(random() < 0.3 ? message : damaged(random, message)))
    socket.resume()
  })
}

test('a client in front of two hundred servers that talk nonsense gives up on each, in its own words', async () => {
  const random = seeded(5)
  const socketPath = join(folder, 'bad.sock')
  const server = createServer((socket) => {
    const go = encodeOptionReply(OPTION.GO, OPTION_REPLY.ACK)
    const bytes = Buffer.concat([greeting(), encodeOptionReply(OPTION.STRUCTURED_REPLY, OPTION_REPLY.ACK), encodeOptionReply(OPTION.SET_META_CONTEXT, OPTION_REPLY.META_CONTEXT, encodeContext(1, BASE_ALLOCATION)), go, decentReplies(random, true)])
    socket.on('error', () => socket.destroy())
    socket.end(damaged(random, bytes))
    socket.resume()
  })
  await new Promise<void>((resolve) => server.listen(socketPath, resolve))
  for (let round = 0; round < 200; round += 1) {
    await expect(connectNbd({ socketPath, exportName: 'disk-0', reconnect: { forSeconds: 0 } })).rejects.toBeInstanceOf(BlockError)
  }
  await new Promise((resolve) => server.close(resolve))
})

test('an option’s magic is what tells it from noise', () => {
  const header = Buffer.alloc(16)
  header.writeBigUInt64BE(OPTION_MAGIC, 0)
  header.writeUInt32BE(8193, 12)
  expect(() => decodeOptionHeader(header)).toThrow(/longer than/)
})
