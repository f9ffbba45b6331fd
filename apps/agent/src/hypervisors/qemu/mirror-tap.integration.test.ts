import { rm } from 'node:fs/promises'
import { setTimeout as wait } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { TokenBucket } from '../../block/token-bucket.ts'
import { Load, SIZE_BYTES, Told, firstDifference, mapOf, missing, readAll } from '../../tap/testing/guest-load.ts'
import { MirrorTap } from './mirror-tap.ts'
import { listNodes, namesIn } from './qemu-disk.ts'
import { kill, startChild, startDisk, testFolder } from './testing/disk-bed.ts'
import type { TestDisk } from './testing/disk-bed.ts'

/** Beside other work, a process to start and QEMU's growing pauses between two tries to reconnect take their time. */
const SLOW_MS = 90_000

let folder = ''
let bed: TestDisk
const throttle = new TokenBucket()
const attach = () => MirrorTap.attach(bed.disk, { throttle, statePath: `${folder}/state` })

beforeEach(async () => {
  folder = await testFolder()
})
afterEach(async () => {
  await bed.close()
  await rm(folder, { recursive: true, force: true })
})

describe.each(['raw', 'qcow2'] as const)('the mirror tap on a %s disk', (format) => {
  beforeEach(async () => {
    bed = await startDisk(folder, format)
  })

  test('attached under load, it tells every write before the guest hears of it, and detached it leaves the guest writing', async () => {
    const told = new Told()
    let listening = false
    const unseen: number[] = []
    const load = new Load(bed.guest(), 31, (first, end) => {
      for (let block = first; listening && block < end; block += 1) if (!told.blocks.has(block)) unseen.push(block)
    }).start()
    await load.more(100)
    const tap = await attach()
    await load.more(100)
    await tap.listen(told)
    await load.turn()
    listening = true
    await load.more(300)
    listening = false
    expect(unseen).toEqual([])
    expect(tap.statistics.writtenBytes).toBeGreaterThan(300 * 512)
    await tap.listen(null)
    await tap.close()
    await load.more(200)
    await load.stop()
    expect(load.errors).toEqual([])
    const nodes = await listNodes(await bed.link.connect())
    expect([...nodes.keys()].filter((name) => name.includes('driftless'))).toEqual([])
    expect(firstDifference(await readAll(bed.guest()), load.content)).toBe(-1)
  })

  test('reads what the guest wrote, and where holes are', async () => {
    const load = new Load(bed.guest(), 32).start()
    const tap = await attach()
    await load.more(300)
    await load.stop()
    expect(firstDifference(await readAll(tap.device), load.content)).toBe(-1)
    const holes = (await tap.device.extents?.(0, SIZE_BYTES)) ?? []
    expect(holes.reduce((sum, { length }) => sum + length, 0)).toBe(SIZE_BYTES)
    let at = 0
    for (const { length, zero } of holes) {
      if (zero) expect(load.content.subarray(at, at + length).equals(Buffer.alloc(length))).toBe(true)
      at += length
    }
    await tap.close()
  })

  test('its process killed under load, the guest sees no error and the next tap recalls every write', { timeout: SLOW_MS }, async () => {
    const load = new Load(bed.guest(), 33).start()
    const child = await startChild('MIRROR', bed.disk, bed.link.socketPath, 'epoch-1')
    await load.startCounting()
    await load.more(200)
    await kill(child)
    await load.more(200)
    const tap = await attach()
    await load.more(100)
    const counted = load.acknowledged
    const recalled = await tap.history.recall('epoch-1')
    expect(recalled).not.toBeNull()
    expect(missing(counted, mapOf(recalled ?? []))).toEqual([])
    expect(await tap.history.recall('another epoch')).toBeNull()
    await tap.close()
    await load.stop()
    expect(load.errors).toEqual([])
    expect(firstDifference(await readAll(bed.guest()), load.content)).toBe(-1)
  })
})

describe('the mirror tap', () => {
  beforeEach(async () => {
    bed = await startDisk(folder, 'raw')
  })

  test('what it missed while somebody else had ended its mirror is told all the same', async () => {
    const told = new Told()
    const load = new Load(bed.guest(), 34).start()
    const tap = await attach()
    await tap.listen(told)
    await load.startCounting()
    const qmp = await bed.link.connect()
    const turns: boolean[] = []
    tap.sight.watch({ turned: () => turns.push(tap.sight.seeing), missed: () => undefined })
    for (let round = 0; round < 3; round += 1) {
      await load.more(100)
      await qmp.execute('block-job-cancel', { device: namesIn(bed.disk).job, force: false })
      await load.more(100)
      const acknowledged = load.acknowledged
      await tap.settle()
      expect(missing(acknowledged, told.blocks)).toEqual([])
    }
    await load.stop()
    expect(turns).toEqual([false, true, false, true, false, true])
    expect(told.lostTimes).toBe(0)
    expect(load.errors).toEqual([])
    await tap.close()
  })

  test('a QEMU started anew has forgotten, and that is said', async () => {
    const told = new Told()
    const tap = await attach()
    await tap.listen(told)
    await tap.history.begin('epoch-1')
    expect(await tap.history.recall('epoch-1')).toEqual([])
    await bed.restart()
    await bed.guest().write(0, Buffer.alloc(4096, 1))
    await tap.settle()
    expect(told.lostTimes).toBe(1)
    expect(await tap.history.recall('epoch-1')).toBeNull()
    await tap.close()
  })

  test('of a guest whose mirror somebody else keeps it from setting up again, writes are not seen; of a QEMU that is gone there are none', async () => {
    const tap = await attach()
    expect(tap.sight.seeing).toBe(true)
    const qmp = await bed.link.connect()
    // Another block job holds the disk from the moment in which ours has ended: QEMU refuses a second.
    await qmp.execute('blockdev-add', { driver: 'null-co', 'node-name': 'elsewhere', size: SIZE_BYTES })
    await qmp.execute('block-job-cancel', { device: namesIn(bed.disk).job, force: false })
    await expect.poll(() => qmp.execute('blockdev-mirror', { 'job-id': 'theirs', device: bed.disk.node, target: 'elsewhere', sync: 'none' }).then(() => true, () => false), { interval: 1 }).toBe(true)
    await expect.poll(() => tap.sight.seeing).toBe(false)
    await bed.guest().write(0, Buffer.alloc(4096, 1))
    await wait(1_500) // it has tried to attach again, and could not
    expect(tap.sight.seeing).toBe(false)
    await qmp.execute('block-job-cancel', { device: 'theirs', force: true })
    await expect.poll(() => tap.sight.seeing).toBe(true)
    await bed.stop()
    await wait(1_500)
    expect(tap.sight.seeing).toBe(true)
    await tap.close()
  })

  test('what is sealed and released is forgotten; what came after the seal is not', async () => {
    const tap = await attach()
    await tap.history.begin('epoch-1')
    await bed.guest().write(0, Buffer.alloc(4096, 1))
    const release = await tap.history.seal()
    await bed.guest().write(8192, Buffer.alloc(4096, 1))
    expect(await tap.history.recall('epoch-1')).toEqual([{ first: 0, end: 1 }, { first: 2, end: 3 }])
    await release()
    expect(await tap.history.recall('epoch-1')).toEqual([{ first: 2, end: 3 }])
    await tap.history.begin('epoch-2')
    await release()
    await bed.guest().write(12288, Buffer.alloc(4096, 1))
    expect(await tap.history.recall('epoch-2')).toEqual([{ first: 3, end: 4 }])
    // A target that is away: seals without a release come to few bitmaps, and nothing is forgotten.
    for (let block = 10; block < 20; block += 1) {
      await bed.guest().write(block * 4096, Buffer.alloc(4096, 1))
      await tap.history.seal()
    }
    expect(await tap.history.recall('epoch-2')).toEqual([{ first: 3, end: 4 }, { first: 10, end: 20 }])
    await tap.close()
  })

  test('the throttle holds the guest’s acknowledgements back', async () => {
    const tap = await attach()
    throttle.setRate(0)
    let acknowledged = false
    const write = bed.guest().write(0, Buffer.alloc(4096, 1)).then(() => (acknowledged = true))
    const first = Buffer.alloc(1)
    await expect.poll(() => tap.device.read(0, first).then(() => first[0])).toBe(1)
    expect(acknowledged).toBe(false)
    throttle.setRate(null)
    await write
    await tap.close()
  })
})
