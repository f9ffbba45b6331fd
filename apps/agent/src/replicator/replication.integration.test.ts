import { randomFillSync } from 'node:crypto'
import { createServer, connect } from 'node:net'
import type { Socket } from 'node:net'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { openFileDevice } from '@driftless/nbd'
import type { BlockDevice } from '@driftless/nbd'
import { hashDevice } from '../block/content.ts'
import { TokenBucket } from '../block/token-bucket.ts'
import { filteredTap } from '../tap/served-tap.ts'
import { desiredTarget, eventually, seededRandom, startTarget } from '../testing/pair.ts'
import { DiskReplicator } from './disk-replicator.ts'

const MIB = 1024 * 1024
const SIZE = 24 * MIB
const never = new AbortController().signal

const cleanups: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

/** A target, a source disk of which half the first megabytes hold data, and a way to write to it as a guest does. */
async function setUp(options: { quotaBytes?: number } = {}) {
  const target = await startTarget(options)
  cleanups.push(target.close)
  const device = await openFileDevice(join(target.directory, 'source.raw'), { create: { sizeBytes: SIZE } })
  cleanups.push(() => device.close())
  for (let offset = 0; offset < SIZE; offset += 2 * MIB) await device.write(offset, randomFillSync(Buffer.alloc(MIB)))
  const tap = filteredTap({ key: 'disk-0', usedBytes: SIZE, device }, { throttle: new TokenBucket(), statePath: join(target.directory, 'tap') })
  const replicate = (stream = target.target) => {
    const replicator = new DiskReplicator({
      disk: { migrationId: 'm-1', diskKey: 'disk-0', sizeBytes: SIZE },
      tap, credentials: target.source, buckets: [], now: Date.now,
    })
    replicator.setTarget(stream)
    replicator.setUrgent(true)
    replicator.start()
    cleanups.push(() => replicator.stop())
    return replicator
  }
  return { target, device, guest: tap.guest, replicate, shape: [{ key: 'disk-0', sizeBytes: SIZE }] }
}

async function replicaHash(target: Awaited<ReturnType<typeof startTarget>>): Promise<string> {
  const replica = await openFileDevice(target.store.diskPath('m-1', 'disk-0'))
  const hash = await hashDevice(replica, never)
  await replica.close()
  return hash
}

async function randomWrites(guest: BlockDevice, random: () => number, count: number): Promise<void> {
  for (let index = 0; index < count; index += 1) {
    const length = 1 + Math.floor(random() * 20_000)
    const offset = Math.floor(random() * (SIZE - length))
    if (random() < 0.1) await guest.writeZeroes(offset, length)
    else await guest.write(offset, randomFillSync(Buffer.alloc(length)))
    if (index % 8 === 0) await new Promise((resolve) => setTimeout(resolve, 1))
  }
}

/** A relay that a test can cut: every connection through it breaks. */
async function relayTo(port: number) {
  const sockets = new Set<Socket>()
  const server = createServer((inward) => {
    const outward = connect(port, '127.0.0.1')
    for (const socket of [inward, outward]) {
      sockets.add(socket)
      socket.on('close', () => sockets.delete(socket))
      socket.on('error', () => {})
    }
    inward.pipe(outward).pipe(inward)
    inward.on('close', () => outward.destroy())
    outward.on('close', () => inward.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const cut = () => {
    for (const socket of sockets) socket.destroy()
  }
  cleanups.push(async () => {
    cut()
    await new Promise((resolve) => server.close(resolve))
  })
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return { port: address.port, cut }
}

describe('replication', () => {
  test('a held sweep waits, what the guest writes is sent meanwhile, and the sweep goes on when it is let go', async () => {
    const { target, device, guest, replicate, shape } = await setUp()
    target.apply(desiredTarget('m-1', shape))
    const replicator = replicate()
    replicator.setSweepHeld(true)
    await eventually('it is connected', () => replicator.connected)
    await guest.write(5 * MIB, randomFillSync(Buffer.alloc(8192)))
    await eventually('the write has arrived', () => replicator.sync.foregroundDoneBytes > 0 && replicator.sync.foregroundLeftBytes === 0)
    expect(replicator.backgroundSentBytes).toBe(0)
    expect(replicator.sync.sweepComplete).toBe(false)
    replicator.setSweepHeld(false)
    await eventually('the sweep is done', () => replicator.sync.isClean)
    expect(await replicaHash(target)).toBe(await hashDevice(device, never))
  })

  test('a disk written during the sweep ends identical, over a connection that breaks again and again', async () => {
    const { target, device, guest, replicate, shape } = await setUp()
    target.apply(desiredTarget('m-1', shape))
    const relay = await relayTo(target.target.port)
    const replicator = replicate({ ...target.target, port: relay.port })
    const random = seededRandom(7)
    for (let round = 0; round < 6; round += 1) {
      await eventually('the link is up', () => replicator.connected)
      await randomWrites(guest, random, 60)
      relay.cut()
      await randomWrites(guest, random, 10)
    }
    await eventually('the target is identical', () => replicator.sync.isClean)
    expect(await replicaHash(target)).toBe(await hashDevice(device, never))
    expect(replicator.sync.foregroundDoneBytes).toBeGreaterThan(0)
  }, 40_000)

  test('an agent that lost its map compares by hash and sends only what differs', async () => {
    const { target, device, guest, replicate, shape } = await setUp()
    target.apply(desiredTarget('m-1', shape))
    const first = replicate()
    await eventually('the first sync is done', () => first.sync.isClean)
    await first.stop()
    await guest.write(5 * MIB + 17, Buffer.from('written while nobody tracked'))
    await guest.writeZeroes(2 * MIB, 64 * 1024)
    const second = replicate()
    await eventually('the resync is done', () => second.sync.isClean)
    expect(second.sync.sweepMode).toBe('COMPARE')
    expect(second.backgroundSentBytes).toBe(2 * 64 * 1024)
    expect(await replicaHash(target)).toBe(await hashDevice(device, never))
  }, 40_000)

  test('a restarted target keeps its replica: the source goes on without starting over', async () => {
    const { target, device, guest, replicate, shape } = await setUp()
    target.apply(desiredTarget('m-1', shape))
    const replicator = replicate()
    await eventually('the first sync is done', () => replicator.sync.isClean)
    const before = replicator.backgroundSentBytes
    await target.restart()
    await randomWrites(guest, seededRandom(3), 20)
    target.apply(desiredTarget('m-1', shape))
    await eventually('the target is identical again', () => replicator.sync.isClean)
    expect(replicator.backgroundSentBytes).toBe(before)
    expect(await replicaHash(target)).toBe(await hashDevice(device, never))
  }, 40_000)

  test('zero blocks of a fresh replica are not sent', async () => {
    const { target, replicate, shape } = await setUp()
    target.apply(desiredTarget('m-1', shape))
    const replicator = replicate()
    await eventually('the first sync is done', () => replicator.sync.isClean)
    expect(replicator.backgroundSentBytes).toBe(SIZE / 2)
  }, 40_000)

  test('a target without room says so to both sides, and takes the replica when there is room', async () => {
    const { target, replicate, shape } = await setUp({ quotaBytes: SIZE - 1 })
    target.apply(desiredTarget('m-1', shape))
    const replicator = replicate()
    await eventually('the source knows', () => replicator.problem?.code === 'INSUFFICIENT_SPACE')
    const report = await target.report()
    expect(report.targets[0]?.problem?.code).toBe('INSUFFICIENT_SPACE')
    expect(report.targets[0]?.problem?.message).toMatch(/needs? 24 MiB/)
  }, 40_000)

  test('a stranger of the same CA, and an impostor target, are refused', async () => {
    const { target, replicate, shape } = await setUp()
    target.apply(desiredTarget('m-1', shape, { sourceAgentId: 'somebody-else' }))
    const replicator = replicate()
    await eventually('the refusal is told', () => replicator.problem?.code === 'NOT_PAIRED')
    await replicator.stop()
    const misled = replicate({ ...target.target, agentId: 'target-2' })
    await eventually('the impostor is noticed', () => misled.problem?.code === 'TARGET_NOT_TRUSTED')
    expect(misled.everConnected).toBe(false)
  }, 40_000)
})
