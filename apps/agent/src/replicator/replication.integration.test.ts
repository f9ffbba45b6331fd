import { randomFillSync } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { createServer, connect } from 'node:net'
import type { Socket } from 'node:net'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { openFileDevice } from '@driftless/nbd'
import type { BlockDevice } from '@driftless/nbd'
import { IntentLog, regionBytesFor } from '../block/intent-log.ts'
import { TokenBucket } from '../block/token-bucket.ts'
import { hashWholeDisk } from '../proof/piece-table.ts'
import { HASH_PIECE_BYTES } from '../stream/protocol.ts'
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
  const siteRate = new TokenBucket()
  /** The source agent, started (again, as after a kill, when an earlier one was not stopped). */
  const startAgent = async (stream = target.target) => {
    const log = await IntentLog.open({ path: join(target.directory, 'tap.intents'), sizeBytes: SIZE })
    const tap = filteredTap({ key: 'disk-0', usedBytes: SIZE, device }, { throttle: new TokenBucket(), statePath: '' }, log)
    const replicator = new DiskReplicator({
      disk: { migrationId: 'm-1', diskKey: 'disk-0', sizeBytes: SIZE },
      tap, credentials: target.source, buckets: [siteRate], tablePath: join(target.directory, 'pieces'), now: Date.now,
    })
    replicator.setTarget(stream)
    replicator.setUrgent(true)
    replicator.start()
    cleanups.push(async () => {
      await replicator.stop()
      await log.close()
    })
    return { replicator, guest: tap.guest }
  }
  return { target, device, siteRate, startAgent, shape: [{ key: 'disk-0', sizeBytes: SIZE }] }
}

async function replicaHash(target: Awaited<ReturnType<typeof startTarget>>): Promise<string> {
  const replica = await openFileDevice(target.replicaPath('m-1', 'disk-0'))
  const hash = await hashWholeDisk(replica, never)
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
  /** For good: whoever connects is refused. */
  const close = async () => {
    const closed = new Promise((resolve) => server.close(resolve))
    cut()
    await closed
  }
  cleanups.push(close)
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return { port: address.port, cut, close }
}

describe('replication', () => {
  test('a held sweep waits, what the guest writes is sent meanwhile, and the sweep goes on when it is let go', async () => {
    const { target, device, siteRate, startAgent, shape } = await setUp()
    siteRate.setRate(4 * MIB)
    target.apply(desiredTarget('m-1', shape))
    const { replicator, guest } = await startAgent()
    await eventually('the sweep is under way', () => replicator.sync.durableSweptBytes > 0)
    replicator.setSweepHeld(true)
    siteRate.setRate(null)
    await eventually('what the sweep has sent is flushed', () => !replicator.sync.needsFlush)
    const position = replicator.sync.sweepPosition
    await guest.write(4096, randomFillSync(Buffer.alloc(8192)))
    await eventually('the write has arrived', () => replicator.sync.foregroundDoneBytes > 0 && replicator.sync.foregroundLeftBytes === 0)
    expect(replicator.sync.sweepPosition).toBe(position)
    expect(replicator.sync.sweepComplete).toBe(false)
    replicator.setSweepHeld(false)
    await eventually('the sweep is done', () => replicator.sync.isClean)
    expect(await replicaHash(target)).toBe(await hashWholeDisk(device, never))
  })

  test('a disk written during the sweep ends identical, over a connection that breaks again and again', async () => {
    const { target, device, startAgent, shape } = await setUp()
    target.apply(desiredTarget('m-1', shape))
    const relay = await relayTo(target.target.port)
    const { replicator, guest } = await startAgent({ ...target.target, port: relay.port })
    const random = seededRandom(7)
    for (let round = 0; round < 6; round += 1) {
      await eventually('the link is up', () => replicator.connected)
      await randomWrites(guest, random, 60)
      relay.cut()
      await randomWrites(guest, random, 10)
    }
    await eventually('the target is identical', () => replicator.sync.isClean)
    expect(await replicaHash(target)).toBe(await hashWholeDisk(device, never))
    expect(replicator.sync.foregroundDoneBytes).toBeGreaterThan(0)
  }, 40_000)

  test('an agent that lost its map compares by hash and sends only what differs', async () => {
    const { target, device, startAgent, shape } = await setUp()
    target.apply(desiredTarget('m-1', shape))
    const { replicator: first } = await startAgent()
    await eventually('the first sync is done', () => first.sync.isClean)
    await first.stop()
    await rm(join(target.directory, 'tap.intents'))
    await device.write(5 * MIB + 17, Buffer.from('written while nobody tracked'))
    await device.writeZeroes(2 * MIB, 64 * 1024)
    const { replicator: second } = await startAgent()
    await eventually('the resync is done', () => second.sync.isClean)
    expect(second.sync.sweepMode).toBe('COMPARE')
    expect(second.backgroundSentBytes).toBe(2 * 64 * 1024)
    expect(await replicaHash(target)).toBe(await hashWholeDisk(device, never))
  }, 40_000)

  test('a killed agent sends again only the regions it had logged, and what the sweep had not reached', async () => {
    const { target, device, startAgent, shape } = await setUp()
    target.apply(desiredTarget('m-1', shape))
    const relay = await relayTo(target.target.port)
    const killed = await startAgent({ ...target.target, port: relay.port })
    await eventually('the first sync is done', () => killed.replicator.sync.isClean)
    await relay.close()
    await killed.guest.write(5 * MIB + 17, Buffer.from('written before the kill, never sent'))
    await killed.guest.write(9 * MIB, Buffer.from('so was this'))
    const { replicator } = await startAgent()
    await eventually('the replica is identical', () => replicator.sync.isClean)
    expect(replicator.backgroundSentBytes).toBe(0)
    expect(replicator.sync.foregroundDoneBytes).toBe(2 * regionBytesFor(SIZE))
    expect(await replicaHash(target)).toBe(await hashWholeDisk(device, never))
  }, 40_000)

  test('a sweep that was killed goes on where the target had it', async () => {
    const { target, device, siteRate, startAgent, shape } = await setUp()
    siteRate.setRate(8 * MIB)
    target.apply(desiredTarget('m-1', shape))
    const relay = await relayTo(target.target.port)
    const killed = await startAgent({ ...target.target, port: relay.port })
    await eventually('part of the sweep is durable', () => killed.replicator.sync.durableSweptBytes > 4 * MIB)
    await relay.close()
    await target.restart() // its record is what counts
    target.apply(desiredTarget('m-1', shape))
    siteRate.setRate(null)
    const { replicator } = await startAgent()
    await eventually('the replica is identical', () => replicator.sync.isClean)
    // Of what was swept before, all counts as data; swept anew it would be the half that is.
    expect(replicator.sync.sweptDataBytes).toBeGreaterThan(SIZE / 2)
    expect(await replicaHash(target)).toBe(await hashWholeDisk(device, never))
  }, 40_000)

  test('writes that went unseen: everything is compared', async () => {
    const { target, device, startAgent, shape } = await setUp()
    target.apply(desiredTarget('m-1', shape))
    const { replicator } = await startAgent()
    await eventually('the first sync is done', () => replicator.sync.isClean && replicator.verify.complete)
    await device.write(7 * MIB, Buffer.from('unseen'))
    replicator.verify.lost()
    await eventually('the resync is done', () => replicator.sync.isClean)
    expect(await replicaHash(target)).toBe(await hashWholeDisk(device, never))
  }, 40_000)

  test('what the target holds wrongly is found behind the replication, sent anew and proven', async () => {
    const { target, device, startAgent, shape } = await setUp()
    target.apply(desiredTarget('m-1', shape))
    const { replicator, guest } = await startAgent()
    await eventually('the first sync is done', () => replicator.sync.isClean)
    await eventually('all is proven', () => replicator.verify.complete)
    expect(replicator.verify.divergences).toBe(0)
    expect(replicator.table.knownBytes).toBe(SIZE)
    const replica = await openFileDevice(target.replicaPath('m-1', 'disk-0'))
    await replica.write(3 * MIB + 5, Buffer.from([1, 2, 3]))
    await replica.close()
    // Only what was written since is looked at again: the neighbouring block of the same piece.
    await guest.write(3 * MIB + 8192, randomFillSync(Buffer.alloc(4096)))
    await eventually('it is found', () => replicator.verify.divergences === 1)
    await eventually('it is mended and proven', () => replicator.sync.isClean && replicator.verify.complete)
    expect(replicator.problem).toBeNull()
    expect(await replicaHash(target)).toBe(await hashWholeDisk(device, never))
    expect(await replicator.table.digest(never)).toBe(await replicaHash(target))
  }, 40_000)

  test('reading back follows what is written: each write costs its own pieces again, on both sides', async () => {
    const { target, startAgent, shape } = await setUp()
    target.apply(desiredTarget('m-1', shape))
    const { replicator, guest } = await startAgent()
    await eventually('all is proven', () => replicator.sync.isClean && replicator.verify.complete)
    const before = replicator.table.readBackPieces
    expect(before).toBeGreaterThanOrEqual(SIZE / HASH_PIECE_BYTES)
    await guest.write(10 * MIB, randomFillSync(Buffer.alloc(4096)))
    await eventually('that is proven too', () => replicator.sync.isClean && replicator.verify.complete)
    expect(replicator.table.readBackPieces - before).toBeLessThanOrEqual(2)
  }, 40_000)

  test('a restarted target keeps its replica: the source goes on without starting over', async () => {
    const { target, device, startAgent, shape } = await setUp()
    target.apply(desiredTarget('m-1', shape))
    const { replicator, guest } = await startAgent()
    await eventually('the first sync is done', () => replicator.sync.isClean)
    const before = replicator.backgroundSentBytes
    await target.restart()
    await randomWrites(guest, seededRandom(3), 20)
    target.apply(desiredTarget('m-1', shape))
    await eventually('the target is identical again', () => replicator.sync.isClean)
    expect(replicator.backgroundSentBytes).toBe(before)
    expect(await replicaHash(target)).toBe(await hashWholeDisk(device, never))
  }, 40_000)

  test('zero blocks of a fresh replica are not sent', async () => {
    const { target, startAgent, shape } = await setUp()
    target.apply(desiredTarget('m-1', shape))
    const { replicator } = await startAgent()
    await eventually('the first sync is done', () => replicator.sync.isClean)
    expect(replicator.backgroundSentBytes).toBe(SIZE / 2)
  }, 40_000)

  test('a target without room says so to both sides, and takes the replica when there is room', async () => {
    const { target, startAgent, shape } = await setUp({ quotaBytes: SIZE - 1 })
    target.apply(desiredTarget('m-1', shape))
    const { replicator } = await startAgent()
    await eventually('the source knows', () => replicator.problem?.code === 'INSUFFICIENT_SPACE')
    const report = await target.report()
    expect(report.targets[0]?.problem?.code).toBe('INSUFFICIENT_SPACE')
    expect(report.targets[0]?.problem?.message).toMatch(/needs? 24 MiB/)
  }, 40_000)

  test('a stranger of the same CA, and an impostor target, are refused', async () => {
    const { target, startAgent, shape } = await setUp()
    target.apply(desiredTarget('m-1', shape, { sourceAgentId: 'somebody-else' }))
    const { replicator } = await startAgent()
    await eventually('the refusal is told', () => replicator.problem?.code === 'NOT_PAIRED')
    await replicator.stop()
    const { replicator: misled } = await startAgent({ ...target.target, agentId: 'target-2' })
    await eventually('the impostor is noticed', () => misled.problem?.code === 'TARGET_NOT_TRUSTED')
    expect(misled.everConnected).toBe(false)
  }, 40_000)
})
