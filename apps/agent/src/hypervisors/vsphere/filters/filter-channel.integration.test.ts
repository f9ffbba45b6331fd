import { mkdtemp, rm } from 'node:fs/promises'
import { createConnection, createServer } from 'node:net'
import type { Server, Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openFileDevice } from '@driftless/nbd'
import { TokenBucket } from '../../../block/token-bucket.ts'
import { WriteGate } from '../../../block/write-gate.ts'
import type { DiskTap } from '../../../tap/disk-tap.ts'
import { Load, SIZE_BYTES, Told, firstDifference, missing, readAll } from '../../../tap/testing/guest-load.ts'
import { filterTap } from './filter-channel.ts'
import { FilterDaemon } from '../testing/filter-daemon.ts'

let folder = ''
let daemon: FilterDaemon
let runs = true
let throttle: TokenBucket
let gate: WriteGate
const open: { close(): Promise<void> }[] = []
const socketPath = () => join(folder, 'sink.sock')

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dl-filter-'))
  const disk = await openFileDevice(join(folder, 'disk'), { create: { sizeBytes: SIZE_BYTES } })
  open.push(disk)
  daemon = new FilterDaemon(disk)
  ;[runs, throttle, gate] = [true, new TokenBucket(), new WriteGate()]
})
afterEach(async () => {
  await daemon.leave()
  for (const one of open.splice(0).reverse()) await one.close()
  await rm(folder, { recursive: true, force: true })
})

async function attach(): Promise<DiskTap> {
  const content = await openFileDevice(join(folder, 'disk'), { readOnly: true })
  const tap = await filterTap({ key: 'disk-0', usedBytes: 0, content, address: { socketPath: socketPath() }, guestRuns: () => Promise.resolve(runs) }, { throttle, gate, statePath: join(folder, 'state') })
  open.push(tap)
  return tap
}

describe('the channel of a filter’s daemon', () => {
  test('tells every write before the guest hears of it; the content is read from the disk', async () => {
    const told = new Told()
    let listening = false
    const unseen: number[] = []
    const tap = await attach()
    await daemon.connect({ socketPath: socketPath() })
    const load = new Load(daemon, 41, (first, end) => {
      for (let block = first; listening && block < end; block += 1) if (!told.blocks.has(block)) unseen.push(block)
    }).start()
    await load.more(100)
    await tap.listen(told)
    await load.turn()
    listening = true
    await load.more(500)
    await tap.settle()
    await load.stop()
    expect(load.errors).toEqual([])
    expect(unseen).toEqual([])
    expect(told.lostTimes).toBe(0)
    expect(tap.statistics.writtenBytes).toBeGreaterThan(500 * 512)
    expect(firstDifference(await readAll(tap.device), load.content)).toBe(-1)
    expect(daemon.passed).toBe(0)
  })

  test('that breaks for a moment misses nothing: the daemon holds its guest and tells again', async () => {
    const told = new Told()
    const tap = await attach()
    const way = await breakable(join(folder, 'way.sock'), socketPath())
    open.push(way)
    await daemon.connect({ socketPath: join(folder, 'way.sock') })
    await tap.listen(told)
    const load = new Load(daemon, 42).start()
    await load.startCounting()
    for (let round = 0; round < 3; round += 1) {
      await load.more(100)
      way.breakAll()
    }
    await load.more(100)
    const { acknowledged } = load
    await tap.settle()
    await load.stop()
    expect(missing(acknowledged, told.blocks)).toEqual([])
    expect([load.errors, told.lostTimes, daemon.passed]).toEqual([[], 0, 0])
  })

  test('that is lost is said to be lost, before the daemon lets a write pass it, and again when it is back', async () => {
    const told = new Told()
    const tap = await attach()
    const way = await breakable(join(folder, 'way.sock'), socketPath())
    open.push(way)
    await daemon.connect({ socketPath: join(folder, 'way.sock') })
    await tap.listen(told)
    expect(tap.sight?.seeing).toBe(true)
    await way.close()
    const write = daemon.write(0, Buffer.alloc(4096, 1))
    await expect.poll(() => told.lostTimes).toBe(1)
    expect([daemon.passed, tap.sight?.seeing]).toEqual([0, false])
    await write
    expect(daemon.passed).toBe(1)
    await daemon.connect({ socketPath: socketPath() })
    await tap.settle()
    expect([told.lostTimes, tap.sight?.seeing]).toEqual([2, true])
  })

  test('on which nothing is heard any more is lost too', async () => {
    const told = new Told()
    const tap = await attach()
    await daemon.connect({ socketPath: socketPath() })
    await tap.listen(told)
    daemon.hang()
    await expect.poll(() => told.lostTimes).toBeGreaterThan(0)
  })

  test('of a disk that was closed is whole, and so is one of a guest that is off', async () => {
    const told = new Told()
    const tap = await attach()
    runs = false
    await tap.listen(told)
    runs = true
    await daemon.connect({ socketPath: socketPath() })
    await tap.settle()
    const before = told.lostTimes
    await daemon.write(0, Buffer.alloc(4096, 1))
    await daemon.leave()
    runs = false
    await tap.settle()
    expect([told.blocks.has(0), told.lostTimes]).toEqual([true, before])
  })

  test('holds the guest at a gate, with what it wrote on the disk already; a throttle holds it, but never for long', async () => {
    const tap = await attach()
    await daemon.connect({ socketPath: socketPath() })
    const hold = await gate.hold(5_000)
    let acknowledged = false
    const write = daemon.write(0, Buffer.alloc(4096, 7)).then(() => (acknowledged = true))
    const first = Buffer.alloc(1)
    await expect.poll(() => tap.device.read(0, first).then(() => first[0])).toBe(7)
    expect(acknowledged).toBe(false)
    expect(hold?.release()).toBe(true)
    await write
    throttle.setRate(0)
    const startMs = performance.now()
    await daemon.write(0, Buffer.alloc(4096, 8))
    expect(performance.now() - startMs).toBeGreaterThan(1_500)
    throttle.setRate(null)
    expect(daemon.passed).toBe(0)
  })

  test('that is no longer wanted says so, and the guest writes on at once', async () => {
    const tap = await attach()
    await daemon.connect({ socketPath: socketPath() })
    const load = new Load(daemon, 43).start()
    await load.more(50)
    await tap.close()
    open.splice(open.indexOf(tap), 1)
    const startMs = performance.now()
    await load.more(100)
    expect(performance.now() - startMs).toBeLessThan(5_000)
    await load.stop()
    expect(load.errors).toEqual([])
    expect(daemon.passed).toBeGreaterThan(0)
  })

  test('is not opened to anybody', async () => {
    const content = await openFileDevice(join(folder, 'disk'), { readOnly: true })
    open.push(content)
    await expect(filterTap({ key: 'disk-0', usedBytes: 0, content, address: { host: '127.0.0.1', port: 0 }, guestRuns: () => Promise.resolve(true) }, { throttle, statePath: folder })).rejects.toThrow('would be open to anybody')
  })
})

/** A way to a socket that can be broken. */
async function breakable(at: string, to: string): Promise<{ breakAll(): void; close(): Promise<void> }> {
  const sockets = new Set<Socket>()
  const server: Server = createServer((near) => {
    const far = createConnection(to)
    for (const socket of [near, far]) {
      sockets.add(socket)
      socket.on('error', () => undefined)
      socket.on('close', () => {
        sockets.delete(socket)
        near.destroy()
        far.destroy()
      })
    }
    near.pipe(far).pipe(near)
  })
  await new Promise<void>((resolve) => server.listen(at, resolve))
  const breakAll = () => {
    for (const socket of sockets) socket.destroy()
  }
  return {
    breakAll,
    async close() {
      breakAll()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}
