import { rm } from 'node:fs/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { TokenBucket } from '../../block/token-bucket.ts'
import { Load, Told, firstDifference, mapOf, missing, readAll } from '../../tap/testing/guest-load.ts'
import { BitmapsTap } from './bitmaps-tap.ts'
import { MirrorTap } from './mirror-tap.ts'
import { BITMAP_NAMES, listBitmaps } from './qemu-disk.ts'
import { kill, startChild, startDisk, testFolder } from './testing/disk-bed.ts'
import type { TestDisk } from './testing/disk-bed.ts'

/** Beside other work, a process to start and QEMU's growing pauses between two tries to reconnect take their time. */
const SLOW_MS = 90_000

let folder = ''
let bed: TestDisk
const options = { throttle: new TokenBucket(), statePath: '' }

beforeEach(async () => {
  folder = await testFolder()
})
afterEach(async () => {
  await bed.close()
  await rm(folder, { recursive: true, force: true })
})

describe.each(['raw', 'qcow2'] as const)('the bitmaps tap on a %s disk', (format) => {
  beforeEach(async () => {
    bed = await startDisk(folder, format)
  })

  test('attached under load, each settle tells every write acknowledged before it; detached, the guest writes on', async () => {
    const told = new Told()
    const load = new Load(bed.guest(), 41).start()
    await load.more(100)
    const tap = await BitmapsTap.attach(bed.disk, options)
    await tap.listen(told)
    await load.startCounting()
    for (let round = 0; round < 5; round += 1) {
      await load.more(100)
      const acknowledged = load.acknowledged
      await tap.settle()
      expect(missing(acknowledged, told.blocks)).toEqual([])
    }
    expect(tap.statistics.writtenBytes).toBeGreaterThan(0)
    await load.stop()
    expect(firstDifference(await readAll(tap.device), load.content)).toBe(-1)
    await tap.close()
    const left = await listBitmaps(await bed.link.connect(), bed.disk, '')
    expect(left.filter(({ name }) => !name.startsWith(BITMAP_NAMES.history))).toEqual([])
    await bed.guest().write(0, Buffer.alloc(512))
    expect(load.errors).toEqual([])
    expect(told.lostTimes).toBe(0)
  })

  test('its process killed under load, the guest sees no error and the next tap recalls every write', { timeout: SLOW_MS }, async () => {
    const load = new Load(bed.guest(), 42).start()
    const child = await startChild('BITMAPS', bed.disk, bed.link.socketPath, 'epoch-1')
    await load.startCounting()
    await load.more(200)
    await kill(child)
    await load.more(200)
    const tap = await BitmapsTap.attach(bed.disk, options)
    const acknowledged = load.acknowledged
    const recalled = await tap.history.recall('epoch-1')
    expect(recalled).not.toBeNull()
    expect(missing(acknowledged, mapOf(recalled ?? []))).toEqual([])
    await load.stop()
    expect(load.errors).toEqual([])
    await tap.close()
  })
})

describe('the bitmaps tap', () => {
  beforeEach(async () => {
    bed = await startDisk(folder, 'raw')
  })

  test('tells blocks that were written and no others, each round anew', async () => {
    const tap = await BitmapsTap.attach(bed.disk, options)
    for (const block of [3, 4, 2000]) {
      const told = new Told()
      await tap.listen(told)
      await bed.guest().write(block * 4096 + 512, Buffer.alloc(512, 1))
      await tap.settle()
      expect(told.blocks.count).toBe(1)
      expect(told.blocks.has(block)).toBe(true)
    }
    await tap.close()
  })

  test('who only watches is told what was written, with nobody listening, and goes on being told when somebody does', async () => {
    const tap = await BitmapsTap.attach(bed.disk, options)
    const blocks = new Set<number>()
    tap.statistics.watch({
      wrote: () => {},
      took: () => {},
      told: (runs) => {
        for (const { first, end } of runs ?? []) for (let block = first; block < end; block += 1) blocks.add(block)
      },
    })
    await tap.settle() // from here on QEMU remembers
    const load = new Load(bed.guest(), 43).start()
    await load.startCounting()
    await load.more(100)
    await tap.settle()
    const told = new Told()
    await tap.listen(told)
    await load.more(100)
    await tap.settle()
    await load.stop()
    await tap.settle()
    expect(missing(load.acknowledged, mapOf([...blocks].map((block) => ({ first: block, end: block + 1 }))))).toEqual([])
    expect(tap.statistics.writtenBytes).toBeGreaterThan(0)
    await tap.close()
  })

  test('a QEMU started anew, or a bitmap taken away, is said', async () => {
    const told = new Told()
    const tap = await BitmapsTap.attach(bed.disk, options)
    await tap.listen(told)
    await tap.history.begin('epoch-1')
    let missed = 0
    tap.sight.watch({ turned: () => undefined, missed: () => (missed += 1) })
    await bed.restart()
    await tap.settle()
    expect([told.lostTimes, missed]).toEqual([1, 1])
    expect(await tap.history.recall('epoch-1')).toBeNull()
    const qmp = await bed.link.connect()
    for (const { name } of await listBitmaps(qmp, bed.disk, BITMAP_NAMES.pull)) await qmp.execute('block-dirty-bitmap-remove', { node: 'disk0', name })
    await tap.settle()
    expect(told.lostTimes).toBe(2)
    await tap.close()
  })

  test('what is sealed was told, and released it is forgotten', async () => {
    const told = new Told()
    const tap = await BitmapsTap.attach(bed.disk, options)
    await tap.listen(told)
    await tap.history.begin('epoch-1')
    await bed.guest().write(0, Buffer.alloc(4096, 1))
    const release = await tap.history.seal()
    expect(told.blocks.has(0)).toBe(true)
    await bed.guest().write(8192, Buffer.alloc(4096, 1))
    await release()
    expect(await tap.history.recall('epoch-1')).toEqual([{ first: 2, end: 3 }])
    await tap.close()
  })

  test('takes a disk over from a mirror tap that was killed, with its memory', async () => {
    const child = await startChild('MIRROR', bed.disk, bed.link.socketPath, 'epoch-1')
    await bed.guest().write(4096, Buffer.alloc(4096, 1))
    await kill(child)
    await bed.guest().write(8192, Buffer.alloc(4096, 1))
    const tap = await BitmapsTap.attach(bed.disk, options)
    expect(await tap.history.recall('epoch-1')).toEqual([{ first: 1, end: 3 }])
    await tap.close()
    const again = await MirrorTap.attach(bed.disk, options)
    expect(await again.history.recall('epoch-1')).toEqual([{ first: 1, end: 3 }])
    await again.close()
  })
})
