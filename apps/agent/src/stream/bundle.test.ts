import { createHash } from 'node:crypto'
import type { Duplex, Readable } from 'node:stream'
import fc from 'fast-check'
import { describe, expect, test, vi } from 'vitest'
import { LaneEnd } from '../testing/lane-end.ts'
import { eventually, seededRandom } from '../testing/pair.ts'
import { Bundle } from './bundle.ts'
import { CHUNK_HEADER_BYTES, ChunkDecoder, MAX_CHUNK_BYTES, encodeChunk } from './lane-chunks.ts'
import type { Chunk } from './lane-chunks.ts'
import { StreamError } from './protocol.ts'
import { Reorder } from './reorder.ts'

/** What may be held before anything was taken, and what each lane may bring on top of it with one read. */
const FIRST_AHEAD_BYTES = 256 * 1024
const ONE_READ_BYTES = 2 * 64 * 1024

interface Ways {
  lanes: number
  /** Of 16 writes, so many wait, up to `longest` turns of the event loop; 0: none. */
  late: number
  longest: number
}

/** Two bundles over lanes that are late now and then, each in its own way. */
function bundlePair({ lanes, late, longest }: Ways, random: () => number) {
  const pairs = Array.from({ length: lanes }, () =>
    LaneEnd.pair(async () => {
      const turns = random() * 16 < late ? Math.floor(random() * longest) : 0
      for (let turn = 0; turn <= turns; turn += 1) await new Promise<void>((resolve) => setImmediate(resolve))
    }),
  )
  return { lanes: pairs, ends: [new Bundle(pairs.map(([end]) => end)), new Bundle(pairs.map(([, end]) => end))] as const }
}

/** Writes random pieces, and returns their hash. */
async function writeAll(into: Duplex, bytes: number, largest: number, random: () => number): Promise<string> {
  const hash = createHash('sha256')
  for (let at = 0; at < bytes; ) {
    const piece = Buffer.alloc(1 + Math.floor(random() * Math.min(largest, bytes - at)), Math.floor(random() * 256))
    piece.writeUInt8(at % 251, Math.floor(random() * piece.length))
    hash.update(piece)
    at += piece.length
    await new Promise<void>((resolve, reject) => {
      into.write(piece, (error) => {
        piece.fill(0) // whoever writes may use his buffer again
        if (error) reject(error)
        else resolve()
      })
    })
  }
  return hash.digest('hex')
}

async function writeAndEnd(into: Duplex, bytes: number, largest: number, random: () => number): Promise<string> {
  const hash = await writeAll(into, bytes, largest, random)
  into.end()
  into.resume()
  return hash
}

async function readAll(from: Readable, slow: () => Promise<void>): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of from.iterator({ destroyOnReturn: false })) {
    if (!Buffer.isBuffer(chunk)) throw new Error('not bytes')
    hash.update(chunk)
    await slow()
  }
  return hash.digest('hex')
}

describe('a bundle of lanes', () => {
  test('carries both directions whole and in order, whatever each lane does, and holds little', async () => {
    let mostHeld = 0
    let outOfTurn = 0
    const cases = fc.record({
      seed: fc.integer(), lanes: fc.integer({ min: 2, max: 8 }), late: fc.integer({ min: 0, max: 16 }), longest: fc.constantFrom(1, 10, 200),
      bytes: fc.integer({ min: 1, max: 1_500_000 }), largest: fc.constantFrom(20, 5_000, 300_000), slow: fc.constantFrom(0, 0, 4),
    })
    await fc.assert(
      fc.asyncProperty(cases, async ({ seed, bytes, largest, slow, ...ways }) => {
        const random = seededRandom(seed)
        const { ends: [left, right] } = bundlePair(ways, random)
        const size = Math.min(bytes, largest * 500)
        const wait = async () => {
          for (const end of [left, right]) {
            mostHeld = Math.max(mostHeld, end.heldBytes - Math.max(FIRST_AHEAD_BYTES, size))
            if (end.heldBytes > 0) outOfTurn += 1
          }
          for (let turn = 0; turn < slow; turn += 1) await new Promise<void>((resolve) => setImmediate(resolve))
        }
        let delivered = 0
        left.on('data', (chunk: Buffer) => (delivered += chunk.length))
        const reading = [readAll(right, wait), readAll(left, wait)]
        const sent = await Promise.all([writeAll(left, size, largest, random), writeAll(right, size, largest, random)])
        // As with a socket: who ends it ends both directions; so only what the other has said before counts.
        await eventually('the left end has all', () => delivered === size)
        left.end()
        expect(await Promise.all(reading)).toEqual(sent)
        await eventually('both are closed', () => left.closed && right.closed)
      }),
      { numRuns: 60, seed: 11 },
    )
    expect(mostHeld).toBeLessThanOrEqual(8 * ONE_READ_BYTES)
    expect(outOfTurn).toBeGreaterThan(100)
  }, 60_000)

  test('a lane that stalls holds the others up at a bound; the rest comes once it goes on', async () => {
    let stalled = true
    const going: (() => void)[] = []
    const slow = LaneEnd.pair(() => (stalled ? new Promise<void>((resolve) => going.push(resolve)) : Promise.resolve()))
    const others = Array.from({ length: 3 }, () => LaneEnd.pair(() => Promise.resolve()))
    const left = new Bundle([slow, ...others].map(([end]) => end))
    const right = new Bundle([slow, ...others].map(([, end]) => end))
    const sent = writeAndEnd(left, 20_000_000, 200_000, seededRandom(5))
    const got = readAll(right, () => Promise.resolve())
    let held = -1
    await eventually('no more is taken in', async () => {
      const before = held
      await new Promise((resolve) => setTimeout(resolve, 50))
      held = right.heldBytes
      return held > 0 && held === before
    })
    expect(held).toBeGreaterThanOrEqual(FIRST_AHEAD_BYTES)
    expect(held).toBeLessThan(FIRST_AHEAD_BYTES + 3 * ONE_READ_BYTES)
    expect(left.bytesWritten).toBeLessThan(2_000_000)
    stalled = false
    for (const go of going) go()
    expect(await got).toBe(await sent)
  })

  test('when nobody reads, no lane is read beyond the bound, and nothing is lost', async () => {
    const { ends: [left, right] } = bundlePair({ lanes: 4, late: 0, longest: 1 }, seededRandom(1))
    right.setTimeout(0)
    const sent = writeAndEnd(left, 5_000_000, 100_000, seededRandom(2))
    let written = -1
    await eventually('the writer waits', async () => {
      const before = written
      await new Promise((resolve) => setTimeout(resolve, 50))
      written = left.bytesWritten
      return written > 0 && written === before
    })
    expect(right.heldBytes).toBeLessThan(FIRST_AHEAD_BYTES + 4 * ONE_READ_BYTES)
    expect(written).toBeLessThan(2_000_000)
    expect(await readAll(right, () => Promise.resolve())).toBe(await sent)
  })

  test.each([0, 1, 3])('when lane %i is cut both ends end, and what waits to be written is told', async (index) => {
    const { lanes, ends } = bundlePair({ lanes: 4, late: 8, longest: 10 }, seededRandom(3))
    const errors: string[] = []
    for (const end of ends) end.on('error', (error) => errors.push(error instanceof StreamError ? error.code : error.message))
    const writing = writeAll(ends[0], 50_000_000, 300_000, seededRandom(4))
    ends[1].resume()
    await eventually('data flows', () => ends[0].bytesWritten > 1_000_000)
    lanes[index]?.[1].destroy()
    await expect(writing).rejects.toThrow(/closed/)
    await eventually('both are closed', () => ends.every((end) => end.closed))
    expect(errors).toContain('CONNECTION_LOST')
    expect(lanes.flat().every((lane) => lane.destroyed)).toBe(true)
  })

  test('the last words arrive: one end ends it, the other reads to the end and then hears of it', async () => {
    const { ends: [left, right] } = bundlePair({ lanes: 8, late: 16, longest: 50 }, seededRandom(6))
    left.write(Buffer.alloc(300_000, 1))
    left.end('goodbye')
    left.resume()
    const got: Buffer[] = []
    right.on('data', (chunk: Buffer) => got.push(chunk))
    await eventually('it has ended', () => right.readableEnded && left.closed && right.closed)
    expect(Buffer.concat(got).subarray(300_000).toString()).toBe('goodbye')
  })

  test('silence is told, and only silence', async ({ onTestFinished }) => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    onTestFinished(() => void vi.useRealTimers())
    const { ends: [left, right] } = bundlePair({ lanes: 2, late: 0, longest: 1 }, seededRandom(8))
    right.on('error', () => {})
    let silences = 0
    let got = 0
    right.setTimeout(300, () => (silences += 1))
    right.on('data', (chunk: Buffer) => (got += chunk.length))
    for (let round = 1; round <= 10; round += 1) {
      left.write('x')
      while (got < round) await new Promise<void>((resolve) => setImmediate(resolve))
      vi.advanceTimersByTime(299)
    }
    expect(silences).toBe(0)
    vi.advanceTimersByTime(1)
    expect(silences).toBe(1)
    vi.useRealTimers()
    left.destroy()
    await eventually('both are closed', () => right.closed)
  })

  test('a lane that repeats a chunk breaks it', async () => {
    const [near, far] = LaneEnd.pair(() => Promise.resolve())
    const [idle] = LaneEnd.pair(() => Promise.resolve())
    const bundle = new Bundle([near, idle])
    const broken = new Promise<unknown>((resolve) => bundle.once('error', resolve))
    bundle.resume()
    far.write(encodeChunk(0, Buffer.from('a')))
    far.write(encodeChunk(0, Buffer.from('b')))
    expect(await broken).toMatchObject({ code: 'BROKEN_STREAM' })
  })
})

describe('chunks', () => {
  test('10,000 damaged lanes: the decoder yields chunks with rising sequences, or refuses with BROKEN_STREAM', () => {
    const random = seededRandom(9)
    const below = (limit: number) => Math.floor(random() * limit)
    let refused = 0
    let whole = 0
    for (let round = 0; round < 10_000; round += 1) {
      let sequence = 0
      const sent: Chunk[] = Array.from({ length: 1 + below(5) }, () => ({ sequence: (sequence += 1 + below(3)), data: Buffer.alloc(1 + below(below(8) === 0 ? MAX_CHUNK_BYTES : 300), below(256)) }))
      const bytes = Buffer.concat(sent.map((chunk) => encodeChunk(chunk.sequence, chunk.data)))
      const damages = below(3)
      for (let damage = 0; damage < damages; damage += 1) bytes[below(below(2) === 0 ? CHUNK_HEADER_BYTES : bytes.length)] = below(256)
      const decoder = new ChunkDecoder()
      const reorder = new Reorder(1)
      const got: Chunk[] = []
      try {
        for (let at = 0; at < bytes.length; ) {
          const size = 1 + below(below(4) === 0 ? 10 : 40_000)
          for (const chunk of decoder.push(bytes.subarray(at, at + size))) {
            reorder.put(0, chunk)
            got.push(chunk)
          }
          at += size
        }
      } catch (error) {
        if (!(error instanceof StreamError) || error.code !== 'BROKEN_STREAM') throw error
        refused += 1
        continue
      }
      if (damages === 0) {
        if (got.length !== sent.length || got.some(({ data }, index) => sent[index]?.data.equals(data) !== true)) expect.fail('an undamaged lane came out otherwise')
        whole += 1
      }
      if (got.some((chunk, index) => index > 0 && chunk.sequence <= (got[index - 1]?.sequence ?? 0))) expect.fail('sequences fell')
      if (got.reduce((sum, { data }) => sum + data.length, 0) > bytes.length) expect.fail('more came out than went in')
    }
    expect(refused).toBeGreaterThan(1_000)
    expect(whole).toBeGreaterThan(2_000)
  }, 30_000)
})

describe('putting in order', () => {
  test('the lane that brings the next chunk is always read; one that is ahead only within the bound', () => {
    const reorder = new Reorder(3)
    const data = Buffer.alloc(MAX_CHUNK_BYTES)
    for (let sequence = 1; sequence <= 4; sequence += 1) reorder.put(1, { sequence, data })
    expect([0, 1, 2].map((lane) => reorder.mayRead(lane, true))).toEqual([true, false, true])
    reorder.put(2, { sequence: 9, data })
    expect([0, 1, 2].map((lane) => reorder.mayRead(lane, true))).toEqual([true, false, false])
    reorder.put(0, { sequence: 0, data })
    for (let taken = 0; taken < 5; taken += 1) expect(reorder.take()).not.toBeNull()
    expect(reorder.take()).toBeNull()
    expect([0, 1, 2].map((lane) => reorder.mayRead(lane, true))).toEqual([true, true, true])
  })

  test('very many tiny chunks count as what they cost', () => {
    const reorder = new Reorder(2)
    let sequence = 0
    while (reorder.mayRead(0, true)) reorder.put(0, { sequence: (sequence += 1), data: Buffer.alloc(1) })
    expect(sequence).toBeLessThan(1_100)
  })
})
