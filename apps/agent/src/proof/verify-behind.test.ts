import { randomFillSync } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test, vi } from 'vitest'
import type { BlockDevice } from '@driftless/nbd'
import { BLOCK_BYTES } from '../block/map.ts'
import { hashPieces } from '../receiver/disk-session.ts'
import { SyncState } from '../replicator/sync-state.ts'
import { HASH_PIECE_BYTES } from '../stream/protocol.ts'
import { eventually } from '../testing/pair.ts'
import { PIECE_BLOCKS, PieceTable } from './piece-table.ts'
import { VerifyBehind } from './verify-behind.ts'

const PIECES = 12
const SIZE = PIECES * HASH_PIECE_BYTES

const cleanups: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

function disk(content: Buffer): BlockDevice {
  return {
    sizeBytes: content.length,
    read: async (offset, into) => void content.copy(into, 0, offset),
    write: async (offset, data) => void data.copy(content, offset),
    writeZeroes: async (offset, length) => void content.fill(0, offset, offset + length),
    flush: async () => {},
    close: async () => {},
  }
}

/** A disk and its replica, equal, with nothing under way; `link` answers as the target does, and can be made to wait. */
async function setUp() {
  const folder = await mkdtemp(join(tmpdir(), 'dl-verify-'))
  cleanups.push(() => rm(folder, { recursive: true, force: true }))
  const source = randomFillSync(Buffer.alloc(SIZE))
  const target = Buffer.from(source)
  const sync = new SyncState(SIZE, Date.now)
  sync.resume(SIZE, 0, [])
  const table = new PieceTable(join(folder, 'pieces'), disk(source))
  await table.open()
  cleanups.push(() => table.close())
  /** Told as by a tap that is asked: only when it is settled. */
  const untold: [number, number][] = []
  const verify = new VerifyBehind({
    sync, table,
    settle: async () => {
      for (const [first, end] of untold.splice(0)) verify.mark(first, end)
    },
  })
  verify.setUrgent(true)
  const closed = new AbortController()
  const asked: number[] = []
  const link = {
    closed: closed.signal,
    before: async (_offset: number): Promise<void> => {},
    hashes: async (offset: number, length: number) => {
      asked.push(offset / HASH_PIECE_BYTES)
      await link.before(offset)
      return hashPieces(disk(target), offset, length)
    },
  }
  const running = verify.run(link).catch(() => {})
  cleanups.push(async () => {
    closed.abort(new Error('over'))
    await running
  })
  /** What a replicator does with what is dirty. */
  const replicate = () => {
    sync.beginPass()
    for (let run = sync.takeForeground(1); run !== null; run = sync.takeForeground(1)) source.copy(target, run.first * BLOCK_BYTES, run.first * BLOCK_BYTES, run.end * BLOCK_BYTES)
    sync.beginFlush()
    sync.flushed()
  }
  return { source, target, sync, table, verify, link, asked, untold, replicate }
}

/** Changes a byte, whatever it was: content is random. */
function damage(content: Buffer, offset: number): void {
  content.writeUInt8(content.readUInt8(offset) ^ 1, offset)
}

/** Waits without a look at the clock, which stands still. */
async function turns(condition: () => boolean): Promise<void> {
  for (let turn = 0; !condition(); turn += 1) {
    if (turn > 30_000) throw new Error('It did not happen.')
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
}

describe('VerifyBehind', () => {
  test('a write whose copy is still under way is left alone, and looked at when it has arrived', async () => {
    const { source, table, verify, asked, replicate } = await setUp()
    await eventually('all is proven', () => verify.complete)
    asked.length = 0
    source.fill(7, 5 * HASH_PIECE_BYTES, 5 * HASH_PIECE_BYTES + BLOCK_BYTES)
    verify.mark(5 * PIECE_BLOCKS, 5 * PIECE_BLOCKS + 1)
    await new Promise((resolve) => setTimeout(resolve, 30))
    expect(asked).toEqual([])
    expect(table.stalePieces).toBe(1)
    replicate()
    await eventually('it is proven', () => verify.complete)
    expect(asked).toEqual([5])
    expect(verify.divergences).toBe(0)
  })

  test('a write between the two readings is no divergence', async () => {
    const { source, table, verify, link, replicate } = await setUp()
    await eventually('all is proven', () => verify.complete)
    let writes = 0
    link.before = async () => {
      if ((writes += 1) > 1) return
      source.fill(9, 2 * HASH_PIECE_BYTES, 2 * HASH_PIECE_BYTES + 10)
      verify.mark(2 * PIECE_BLOCKS, 2 * PIECE_BLOCKS + 1)
    }
    table.touch(2 * PIECE_BLOCKS, 2 * PIECE_BLOCKS + 1)
    await eventually('it was looked at', () => writes === 1)
    await new Promise((resolve) => setTimeout(resolve, 20))
    replicate()
    await eventually('it is proven', () => verify.complete)
    expect(verify.divergences).toBe(0)
  })

  test('a write that the tap tells of only when asked is no divergence', async () => {
    const { source, table, verify, untold, replicate } = await setUp()
    await eventually('all is proven', () => verify.complete)
    source.fill(9, 3 * HASH_PIECE_BYTES, 3 * HASH_PIECE_BYTES + 10)
    untold.push([3 * PIECE_BLOCKS, 3 * PIECE_BLOCKS + 1])
    table.touch(3 * PIECE_BLOCKS, 3 * PIECE_BLOCKS + 1)
    await eventually('it was told', () => untold.length === 0)
    replicate()
    await eventually('it is proven', () => verify.complete)
    expect(verify.divergences).toBe(0)
  })

  test('a damaged replica is marked dirty, mended and proven; one that stays damaged is told', async () => {
    const { target, sync, table, verify, replicate } = await setUp()
    await eventually('all is proven', () => verify.complete)
    damage(target, 8 * HASH_PIECE_BYTES)
    table.touch(8 * PIECE_BLOCKS, 9 * PIECE_BLOCKS)
    await eventually('it is found', () => verify.divergences === 1)
    expect(sync.dirtyBytes).toBe(HASH_PIECE_BYTES)
    expect(verify.problem).toBeNull()
    replicate()
    await eventually('it is proven', () => verify.complete)
    damage(target, 8 * HASH_PIECE_BYTES)
    table.touch(8 * PIECE_BLOCKS, 9 * PIECE_BLOCKS)
    await eventually('it is told', () => verify.problem?.code === 'REPLICA_DIVERGES')
    replicate()
    await eventually('it is proven again', () => verify.complete)
    expect(verify.problem).toBeNull()
  })

  test('what differs holds up nothing else until its second look, which comes at once when no write is under way any more', async () => {
    const { target, table, verify, asked, replicate } = await setUp()
    await eventually('all is proven', () => verify.complete)
    const now = vi.spyOn(performance, 'now').mockReturnValue(performance.now())
    cleanups.push(async () => now.mockRestore())
    asked.length = 0
    damage(target, 8 * HASH_PIECE_BYTES)
    table.touch(8 * PIECE_BLOCKS, 9 * PIECE_BLOCKS)
    await turns(() => asked.includes(8))
    table.touch(2 * PIECE_BLOCKS, 3 * PIECE_BLOCKS)
    await turns(() => table.stalePieces === 1 && asked.includes(2))
    expect(asked).toEqual([8, 2])
    expect(verify.complete).toBe(false)
    expect(verify.divergences).toBe(0)
    verify.setStill(true)
    await turns(() => verify.divergences === 1)
    replicate()
    await turns(() => verify.complete)
    expect(asked).toEqual([8, 2, 8, 8])
  })

  test('what the sweep has not durably covered is not looked at', async () => {
    const { sync, verify, table, asked } = await setUp()
    await eventually('all is proven', () => verify.complete)
    asked.length = 0
    table.touchAll()
    sync.restart('COMPARE')
    sync.takeBackground(3 * HASH_PIECE_BYTES + BLOCK_BYTES)
    sync.beginFlush()
    sync.flushed()
    await eventually('what is covered is proven', () => table.stalePieces === PIECES - 3)
    await new Promise((resolve) => setTimeout(resolve, 30))
    expect(table.stalePieces).toBe(PIECES - 3)
    expect(verify.complete).toBe(false)
  })
})
