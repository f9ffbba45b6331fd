import { randomBytes } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import type { BlockDevice } from '@driftless/nbd'
import { hashOf } from '../block/content.ts'
import { ContentIndex } from './content-index.ts'

const PIECE = 64 * 1024

/** A disk in memory. */
function diskOf(content: Buffer): BlockDevice {
  return {
    sizeBytes: content.length,
    read: async (offset, into) => void content.copy(into, 0, offset),
    write: async (offset, data) => void data.copy(content, offset),
    flush: async () => {},
    writeZeroes: async (offset, length) => void content.fill(0, offset, offset + length),
    close: async () => {},
  }
}

const pieceOf = (content: Buffer, piece: number): Buffer => content.subarray(piece * PIECE, (piece + 1) * PIECE)

describe('content index', () => {
  test('content is found on another disk of the tenant, and never on one of another tenant', async () => {
    const index = new ContentIndex()
    const stored = randomBytes(4 * PIECE)
    const first = index.open('tenant-a', diskOf(stored))
    const second = index.open('tenant-a', diskOf(Buffer.alloc(4 * PIECE)))
    const stranger = index.open('tenant-b', diskOf(Buffer.alloc(4 * PIECE)))
    for (let piece = 0; piece < 4; piece += 1) first.note(hashOf(pieceOf(stored, piece)), piece * PIECE)
    const into = Buffer.alloc(PIECE)
    expect(await second.find(hashOf(pieceOf(stored, 2)), into)).toBe(true)
    expect(into.equals(pieceOf(stored, 2))).toBe(true)
    for (let piece = 0; piece < 4; piece += 1) expect(await stranger.find(hashOf(pieceOf(stored, piece)), into)).toBe(false)
  })

  test('what has changed since it was noted, and what lies on a closed disk, is not found', async () => {
    const index = new ContentIndex()
    const stored = randomBytes(2 * PIECE)
    const device = diskOf(stored)
    const first = index.open('tenant-a', device)
    const second = index.open('tenant-a', diskOf(Buffer.alloc(PIECE)))
    const [changed, kept] = [hashOf(pieceOf(stored, 0)), hashOf(pieceOf(stored, 1))]
    first.note(changed, 0)
    first.note(kept, PIECE)
    stored[17] = (stored[17] ?? 0) ^ 1
    const into = Buffer.alloc(PIECE)
    expect(await second.find(changed, into)).toBe(false)
    expect(await second.find(kept, into)).toBe(true)
    await first.close()
    expect(await second.find(kept, into)).toBe(false)
  })

  test('a tenant with more content than its table has places for and more tenants than are remembered, take bounded memory', async () => {
    const index = new ContentIndex()
    const contents = Array.from({ length: 300 }, (_, tenant) => index.open(`tenant-${tenant}`, diskOf(Buffer.alloc(PIECE))))
    const own = index.open('tenant-big', diskOf(Buffer.alloc(PIECE)))
    const before = process.memoryUsage().arrayBuffers
    const hash = Buffer.alloc(32)
    for (let piece = 0; piece < 2_000_000; piece += 1) {
      hash.writeUInt32LE(Math.imul(piece, 0x9e37_79b1) >>> 0, 0)
      hash.writeUInt32LE(piece, 4)
      own.note(hash, piece * PIECE)
      if (piece % 100 === 0) contents[(piece / 100) % 300]?.note(hash, piece * PIECE)
    }
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(96 * 1024 * 1024)
  }, 30_000)
})
