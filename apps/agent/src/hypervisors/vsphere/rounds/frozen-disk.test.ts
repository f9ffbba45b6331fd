import { setImmediate as turn } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import type { BlockDevice } from '@driftless/nbd'
import { FrozenDisk } from './frozen-disk.ts'

const BLOCK = 4096
const SIZE = 64 * BLOCK

/** A reader that fills what is read with one byte, when it is let to. */
function reader(byte: number, held: Promise<void> = Promise.resolve()): BlockDevice {
  const unused = () => Promise.reject(new Error('A moment is only read.'))
  return {
    sizeBytes: SIZE,
    read: async (_offset, into) => {
      await held
      into.fill(byte)
    },
    write: unused, writeZeroes: unused, flush: unused, close: () => Promise.resolve(),
  }
}

async function readByte(disk: FrozenDisk): Promise<number | undefined> {
  const into = Buffer.alloc(BLOCK)
  await disk.read(0, into)
  return into[0]
}

describe('a disk that stands still', () => {
  test('between two moments reads wait, and then show the new one', async () => {
    const disk = new FrozenDisk(SIZE)
    const early = readByte(disk)
    disk.show(reader(1))
    expect(await early).toBe(1)
    await disk.hide()
    let late: number | undefined
    const reading = readByte(disk).then((byte) => (late = byte))
    await turn()
    expect(late).toBeUndefined()
    disk.show(reader(2))
    await reading
    expect(late).toBe(2)
  })

  test('is hidden only when nobody reads the old moment any more', async () => {
    const disk = new FrozenDisk(SIZE)
    const held = Promise.withResolvers<void>()
    const old = reader(1, held.promise)
    disk.show(old)
    const reading = readByte(disk)
    let hidden: BlockDevice | null = null
    const hiding = disk.hide().then((was) => (hidden = was))
    await turn()
    expect(hidden).toBeNull()
    held.resolve()
    expect(await reading).toBe(1)
    await hiding
    expect(hidden).toBe(old)
    expect(await disk.hide()).toBeNull()
  })

  test('closed while it is hidden, whoever waits is told', async () => {
    const disk = new FrozenDisk(SIZE)
    const waiting = readByte(disk)
    await disk.close()
    await expect(waiting).rejects.toMatchObject({ code: 'ESHUTDOWN' })
  })

  test('what was never written to reads as zeroes, what changed since does not', async () => {
    const disk = new FrozenDisk(SIZE)
    expect(await disk.extents(0, SIZE)).toEqual([{ length: SIZE, zero: false }])
    disk.know([{ first: 2, end: 4 }])
    disk.changed([{ first: 10, end: 11 }])
    expect(await disk.extents(0, SIZE)).toEqual([
      { length: 2 * BLOCK, zero: true }, { length: 2 * BLOCK, zero: false }, { length: 6 * BLOCK, zero: true }, { length: BLOCK, zero: false }, { length: 53 * BLOCK, zero: true },
    ])
    expect(await disk.extents(2 * BLOCK + 100, BLOCK)).toEqual([{ length: BLOCK, zero: false }])
    disk.know(null)
    expect(await disk.extents(0, BLOCK)).toEqual([{ length: BLOCK, zero: false }])
  })
})
