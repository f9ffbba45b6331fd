import { randomFillSync } from 'node:crypto'
import { mkdtemp, rm, truncate } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, describe, expect, test } from 'vitest'
import type { BlockDevice } from '@driftless/nbd'
import { BLOCK_BYTES } from '../block/map.ts'
import { HASH_PIECE_BYTES } from '../stream/protocol.ts'
import { PieceTable, hashWholeDisk } from './piece-table.ts'
import { TrackedDevice } from './tracked-device.ts'

const PIECES = 9
/** The last piece is a partial one. */
const SIZE = (PIECES - 1) * HASH_PIECE_BYTES + 3 * BLOCK_BYTES + 100
const never = new AbortController().signal

const cleanups: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

/** A disk in memory whose writes take their time, so that readings overtake them. */
function slowDisk(): BlockDevice & { content: Buffer } {
  const content = Buffer.alloc(SIZE)
  const later = () => new Promise((resolve) => setImmediate(resolve))
  return {
    sizeBytes: SIZE,
    content,
    read: async (offset, into) => {
      await later()
      content.copy(into, 0, offset)
      await later()
    },
    write: async (offset, data) => {
      for (let turn = 0; turn < 4; turn += 1) await later()
      data.copy(content, offset)
    },
    writeZeroes: async (offset, length) => {
      await later()
      content.fill(0, offset, offset + length)
    },
    flush: async () => {},
    close: async () => {},
  }
}

async function setUp() {
  const folder = await mkdtemp(join(tmpdir(), 'dl-pieces-'))
  cleanups.push(() => rm(folder, { recursive: true, force: true }))
  const path = join(folder, 'disk.pieces')
  const disk = slowDisk()
  const start = async () => {
    const table = new PieceTable(path, disk)
    await table.open()
    cleanups.push(() => table.close())
    return { table, device: new TrackedDevice(disk, table) }
  }
  return { path, disk, start }
}

describe('PieceTable', () => {
  test('it never takes an old hash for a present one, however readings and writes overlap', async () => {
    const step = fc.oneof(
      fc.record({ do: fc.constant('write' as const), at: fc.nat(SIZE - 1), length: fc.integer({ min: 1, max: 3 * HASH_PIECE_BYTES }), zero: fc.boolean() }),
      fc.record({ do: fc.constant('read' as const), at: fc.nat(PIECES - 1), length: fc.integer({ min: 1, max: 4 }) }),
      fc.record({ do: fc.constant('turn' as const) }),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40, size: 'max' }), async (steps) => {
        const { disk, start } = await setUp()
        const { table, device } = await start()
        const underWay: Promise<unknown>[] = []
        for (const one of steps) {
          if (one.do === 'turn') await new Promise((resolve) => setImmediate(resolve))
          else if (one.do === 'read') underWay.push(table.readBack(one.at, Math.min(one.at + one.length, PIECES)))
          else {
            const length = Math.min(one.length, SIZE - one.at)
            underWay.push(one.zero ? device.writeZeroes(one.at, length) : device.write(one.at, randomFillSync(Buffer.alloc(length))))
          }
        }
        await Promise.all(underWay)
        await table.readBackStale(never)
        expect(await table.digest(never)).toBe(await hashWholeDisk(disk, never))
        expect(table.knownBytes).toBe(SIZE)
        await table.close()
      }),
      { numRuns: 150, seed: 1 },
    )
  })

  test('what was read back is read once: a write makes its own pieces stale and no others', async () => {
    const { start } = await setUp()
    const { table, device } = await start()
    expect(table.stalePieces).toBe(PIECES)
    expect(await table.digest(never)).toBeNull()
    await table.readBackStale(never)
    expect(table.readBackPieces).toBe(PIECES)
    await device.write(2 * HASH_PIECE_BYTES - 1, Buffer.from('ab'))
    expect([1, 2].map((piece) => table.isStale(piece))).toEqual([true, true])
    expect(table.stalePieces).toBe(2)
    await table.readBackStale(never)
    expect(table.readBackPieces).toBe(PIECES + 2)
  })

  test('an orderly stop keeps it, with what is stale and what became so since the start; a kill does not', async () => {
    const { disk, path, start } = await setUp()
    const first = await start()
    first.table.useEpoch('e')
    await first.device.write(0, Buffer.from('content'))
    await first.table.readBackStale(never)
    first.table.touch(0, 1)
    await first.table.close()
    const second = new PieceTable(path, disk)
    second.touch(40, 41)
    await second.open()
    second.useEpoch('e')
    expect(second.stalePieces).toBe(2)
    const killed = new PieceTable(path, disk)
    await killed.open()
    expect(killed.stalePieces).toBe(PIECES)
    await second.readBackStale(never)
    await second.close()
    await killed.close()
    const third = await start()
    third.table.useEpoch('another')
    expect(third.table.stalePieces).toBe(PIECES)
  })

  test('a table that was cut short is made anew', async () => {
    const { path, start } = await setUp()
    const { table } = await start()
    await table.readBackStale(never)
    await table.close()
    await truncate(path, 40)
    expect((await start()).table.stalePieces).toBe(PIECES)
  })

  test('a disk that cannot be read leaves its pieces stale', async () => {
    const { disk, start } = await setUp()
    const { table } = await start()
    const read = disk.read.bind(disk)
    disk.read = () => Promise.reject(new Error('EIO'))
    await expect(table.readBack(0, 2)).rejects.toThrow('EIO')
    expect(table.stalePieces).toBe(PIECES)
    disk.read = read
    await table.readBackStale(never)
    expect(table.stalePieces).toBe(0)
  })
})
