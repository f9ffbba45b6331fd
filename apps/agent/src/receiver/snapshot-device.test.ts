import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { BlockDevice } from '@driftless/nbd'
import { DeviceError, FaultInjection } from '../block/fault-injection.ts'
import { seededRandom } from '../testing/pair.ts'
import { OverlayDevice } from './overlay-device.ts'
import { SAVED_PIECE_BYTES, SnapshotDevice } from './snapshot-device.ts'
import { TestRoom } from './test-room.ts'

/** Four pieces and a bit: the last piece and the last block are partial. */
const SIZE = 4 * SAVED_PIECE_BYTES + 5000

/** A disk in memory whose calls take a random number of turns, and whose content changes only at their end. */
function slowMemory(content: Buffer, random: () => number): BlockDevice {
  const turns = async () => {
    for (let turn = Math.floor(random() ** 3 * 40); turn >= 0; turn -= 1) await Promise.resolve()
  }
  const memory: BlockDevice = {
    sizeBytes: content.length,
    async read(offset, into) {
      await turns()
      content.copy(into, 0, offset, offset + into.length)
      await turns()
    },
    async write(offset, data) {
      await turns()
      data.copy(content, offset)
      await turns()
    },
    writeZeroes: (offset, length) => memory.write(offset, Buffer.alloc(length)),
    flush: () => Promise.resolve(),
    close: () => Promise.resolve(),
  }
  return memory
}

function randomContent(random: () => number): Buffer {
  const content = Buffer.alloc(SIZE)
  // Some pieces stay zero: those are not stored a second time.
  for (let at = 0; at < SIZE; at += 1) if (Math.floor(at / SAVED_PIECE_BYTES) % 2 === 0) content[at] = Math.floor(random() * 255) + 1
  return content
}

const range = fc.record({ offset: fc.nat(SIZE - 1), length: fc.integer({ min: 1, max: 2 * SAVED_PIECE_BYTES }), fill: fc.integer({ min: 0, max: 255 }) })
  .map(({ offset, length, fill }) => ({ offset, length: Math.min(length, SIZE - offset), fill }))
const call = fc.oneof(
  range.map((at) => ({ by: 'STREAM' as const, ...at })),
  range.map((at) => ({ by: 'GUEST' as const, ...at })),
  range.map((at) => ({ by: 'READER' as const, ...at })),
)

describe('a moment of a replica, and the overlay over it', () => {
  test('shows that moment and its own writes, whatever replication does meanwhile and in whatever order calls end', async () => {
    await fc.assert(fc.asyncProperty(fc.array(call, { minLength: 1, maxLength: 40 }), fc.nat(), async (calls, seed) => {
      const random = seededRandom(seed)
      const replicaContent = randomContent(random)
      const replica = slowMemory(replicaContent, random)
      const streamModel = Buffer.from(replicaContent)
      const guestModel = Buffer.from(replicaContent)
      const room = new TestRoom(Number.POSITIVE_INFINITY)
      const snapshot = new SnapshotDevice(replica, slowMemory(Buffer.alloc(SIZE), random), room)
      const test = new OverlayDevice(snapshot, slowMemory(Buffer.alloc(SIZE), random), room)
      // Each of the three does one thing after the other, all at once; the guest's reads follow its own writes.
      const stream = async () => {
        for (const { by, offset, length, fill } of calls) {
          if (by !== 'STREAM') continue
          const data = Buffer.alloc(length, fill)
          data.copy(streamModel, offset)
          await snapshot.beforeChange(offset, length)
          await replica.write(offset, data)
        }
      }
      const guest = async () => {
        for (const { by, offset, length, fill } of calls) {
          if (by === 'STREAM') continue
          if (by === 'GUEST') {
            const data = Buffer.alloc(length, fill)
            data.copy(guestModel, offset)
            await test.write(offset, data)
          }
          const seen = Buffer.alloc(length)
          await test.read(offset, seen)
          expect(seen.equals(guestModel.subarray(offset, offset + length))).toBe(true)
        }
      }
      await Promise.all([stream(), guest()])
      const whole = Buffer.alloc(SIZE)
      await test.read(0, whole)
      expect(whole.equals(guestModel)).toBe(true)
      expect(replicaContent.equals(streamModel)).toBe(true)
    }), { numRuns: 300 })
  })

  test('two writes at once to two ends of one block both stay', async () => {
    const random = seededRandom(5)
    for (let round = 0; round < 50; round += 1) {
      const room = new TestRoom(Number.POSITIVE_INFINITY)
      const test = new OverlayDevice(slowMemory(Buffer.alloc(SIZE, 7), random), slowMemory(Buffer.alloc(SIZE), random), room)
      await Promise.all([test.write(100, Buffer.from('head')), test.write(4000, Buffer.alloc(8192, 9)), test.write(200, Buffer.from('tail'))])
      const seen = Buffer.alloc(4096)
      await test.read(0, seen)
      expect(seen.subarray(100, 104).toString()).toBe('head')
      expect(seen.subarray(200, 204).toString()).toBe('tail')
      expect([seen[99], seen[104], seen[3999], seen[4000]]).toEqual([7, 7, 7, 9])
    }
  })

  test('a side file that fails costs the test its moment, never replication its write', async () => {
    const content = Buffer.alloc(SIZE, 1)
    const random = seededRandom(1)
    const full = new FaultInjection(slowMemory(Buffer.alloc(SIZE), random), (asked) => {
      if (asked === 'write') throw new DeviceError('ENOSPC', 'no space left')
      return Promise.resolve()
    })
    const snapshot = new SnapshotDevice(slowMemory(content, random), full, new TestRoom(Number.POSITIVE_INFINITY))
    await expect(snapshot.beforeChange(0, 4096)).resolves.toBeUndefined()
    expect(snapshot.lost?.message).toBe('no space left')
    await expect(snapshot.read(0, Buffer.alloc(10))).rejects.toMatchObject({ code: 'EIO' })
    expect(snapshot.beforeChange(0, 4096)).toBeUndefined()
  })

  test('takes no more of the store than it was given: the moment is lost, the guest is told of a full disk', async () => {
    const random = seededRandom(2)
    const room = new TestRoom(SAVED_PIECE_BYTES + 4096)
    const snapshot = new SnapshotDevice(slowMemory(Buffer.alloc(SIZE, 1), random), slowMemory(Buffer.alloc(SIZE), random), room)
    const test = new OverlayDevice(snapshot, slowMemory(Buffer.alloc(SIZE), random), room)
    await test.write(10, Buffer.from('a'))
    await snapshot.beforeChange(0, 1)
    expect(room.takenBytes).toBe(room.limitBytes)
    await test.write(20, Buffer.from('b'))
    await expect(test.write(8192, Buffer.from('c'))).rejects.toMatchObject({ code: 'ENOSPC' })
    expect(snapshot.lost).toBeNull()
    await snapshot.beforeChange(SAVED_PIECE_BYTES, 1)
    expect(snapshot.lost?.message).toContain('a test may take')
  })
})
