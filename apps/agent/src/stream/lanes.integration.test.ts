import { randomFillSync } from 'node:crypto'
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import type { Socket } from 'node:net'
import { join } from 'node:path'
import { createServer as createTlsServer } from 'node:tls'
import { pino } from 'pino'
import { afterEach, describe, expect, test } from 'vitest'
import { openFileDevice } from '@driftless/nbd'
import type { BlockDevice } from '@driftless/nbd'
import { TokenBucket } from '../block/token-bucket.ts'
import { hashWholeDisk } from '../proof/piece-table.ts'
import { serveSession } from '../receiver/disk-session.ts'
import type { ReceivingDisk } from '../receiver/disk-session.ts'
import { startStreamServer } from '../receiver/stream-server.ts'
import { DiskReplicator } from '../replicator/disk-replicator.ts'
import { filteredTap } from '../tap/served-tap.ts'
import { desiredTarget, eventually, startTarget } from '../testing/pair.ts'
import { Bundle } from './bundle.ts'
import { openLink } from './disk-link.ts'
import { encodeWrite } from './frames.ts'
import { tlsSettings } from './identity.ts'
import { LANES, reach } from './reach.ts'
import { IncomingCalls, callForWayBack } from './way-back.ts'

const MIB = 1024 * 1024
const SIZE = 12 * MIB
const never = new AbortController().signal

/** A relay in user space lengthens the way, but the kernels still shake hands at once: so here every way counts as long. */
const ANY_WAY_MS = 0

const cleanups: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

/** One way of one connection: so long, and not more than so many bytes in a second; bounded as a network's own buffers are. */
function carry(from: Socket, to: Socket, delayMs: number, bytesPerSecond: number, carried: (bytes: number) => void): void {
  const queue: Buffer[] = []
  let queuedBytes = 0
  let lineFreeAtMs = 0
  // Timers of different lengths need not come in their order: each brings whatever is first.
  const bring = () => {
    const bytes = queue.shift()
    if (bytes === undefined) return
    queuedBytes -= bytes.length
    from.resume()
    carried(bytes.length)
    if (!to.destroyed) to.write(bytes)
  }
  from.on('data', (bytes: Buffer) => {
    queue.push(bytes)
    queuedBytes += bytes.length
    if (queuedBytes > 512 * 1024) from.pause()
    const now = performance.now()
    lineFreeAtMs = Math.max(lineFreeAtMs, now) + (bytes.length / bytesPerSecond) * 1000
    setTimeout(bring, Math.max(0, lineFreeAtMs - now + delayMs))
  })
}

async function readBytes(device: BlockDevice, offset: number, length: number): Promise<Buffer> {
  const into = Buffer.alloc(length)
  await device.read(offset, into)
  return into
}

interface Relayed {
  readonly sockets: readonly Socket[]
  open: boolean
  carriedBytes: number
}

async function relayTo(port: number, { delayMs = 25, bytesPerSecond = Number.POSITIVE_INFINITY } = {}) {
  const connections: Relayed[] = []
  const server = createServer((inward) => {
    const outward = connect(port, '127.0.0.1')
    const relayed: Relayed = { sockets: [inward, outward], open: true, carriedBytes: 0 }
    connections.push(relayed)
    carry(inward, outward, delayMs, bytesPerSecond, (bytes) => (relayed.carriedBytes += bytes))
    carry(outward, inward, delayMs, bytesPerSecond, () => {})
    for (const socket of relayed.sockets) {
      socket.setNoDelay(true)
      socket.on('error', () => {})
      socket.on('close', () => {
        relayed.open = false
        setTimeout(() => relayed.sockets.forEach((either) => either.destroy()), delayMs)
      })
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  cleanups.push(async () => {
    const closed = new Promise((resolve) => server.close(resolve))
    for (const socket of connections.flatMap(({ sockets }) => sockets)) socket.destroy()
    await closed
  })
  return { port: portOf(server), connections, open: () => connections.filter((connection) => connection.open) }
}

function portOf(server: { address(): unknown }): number {
  const address = server.address()
  if (typeof address !== 'object' || address === null || !('port' in address) || typeof address.port !== 'number') throw new Error('no port')
  return address.port
}

/** A target, and a source disk full of data that cannot be compressed. */
async function setUp(sizeBytes = SIZE) {
  const target = await startTarget()
  cleanups.push(target.close)
  const device = await openFileDevice(join(target.directory, 'source.raw'), { create: { sizeBytes } })
  cleanups.push(() => device.close())
  for (let offset = 0; offset < sizeBytes; offset += MIB) await device.write(offset, randomFillSync(Buffer.alloc(MIB)))
  const migrations = ['m-1', 'm-2'].map((id) => desiredTarget(id, [{ key: 'disk-0', sizeBytes }]))
  target.apply(...migrations)
  await eventually('the target takes both', async () => (await target.report()).targets.every(({ stage }) => stage === 'RECEIVE'))
  const start = (migrationId: string, port: number, lanesFromMs: number | undefined) => {
    const stream = { ...target.target, port }
    const tap = filteredTap({ key: 'disk-0', usedBytes: sizeBytes, device }, { throttle: new TokenBucket(), statePath: '' }, null)
    const replicator = new DiskReplicator({
      disk: { migrationId, diskKey: 'disk-0', sizeBytes }, tap, credentials: target.source, buckets: [], tablePath: join(target.directory, `${migrationId}.pieces`), now: Date.now,
      lanesFromMs,
    })
    replicator.setTarget(stream)
    replicator.setUrgent(true)
    replicator.start()
    cleanups.push(() => replicator.stop())
    return { replicator, guest: tap.guest }
  }
  const expectIdentical = async (migrationId = 'm-1') => {
    const replica = await openFileDevice(target.replicaPath(migrationId, 'disk-0'))
    expect(await hashWholeDisk(replica, never)).toBe(await hashWholeDisk(device, never))
    await replica.close()
  }
  return { target, device, start, expectIdentical }
}

/** Lends a device as a target does, without a store. */
const lend = (device: BlockDevice): ReceivingDisk => ({ ok: { epoch: 'e', fresh: false }, device, changing: () => Promise.resolve(), point: () => Promise.resolve(), release: () => {} })

describe('a stream on a long way', () => {
  test('goes over four connections, all of which carry, and ends identical', async () => {
    const { target, start, expectIdentical } = await setUp()
    const relay = await relayTo(target.target.port)
    const { replicator, guest } = start('m-1', relay.port, ANY_WAY_MS)
    await eventually('the link is up', () => replicator.connected)
    expect(relay.open()).toHaveLength(LANES)
    for (let round = 0; round < 40; round += 1) await guest.write(Math.floor((round * SIZE) / 41), randomFillSync(Buffer.alloc(5000 + round * 100)))
    await eventually('the target is identical', () => replicator.sync.isClean)
    await expectIdentical()
    expect(relay.connections).toHaveLength(LANES)
    const carried = relay.connections.map(({ carriedBytes }) => carriedBytes)
    expect(Math.min(...carried)).toBeGreaterThan(SIZE / LANES / 4)
    expect(replicator.sentBytes).toBeGreaterThan(SIZE)
  })

  test('survives one lane that is cut in the middle: all connect anew', async () => {
    const { target, start, expectIdentical } = await setUp()
    const relay = await relayTo(target.target.port, { bytesPerSecond: 2 * MIB })
    const { replicator } = start('m-1', relay.port, ANY_WAY_MS)
    for (const lane of [2, 0]) {
      const before = relay.connections.length
      await eventually('data flows', () => relay.open().length === LANES && relay.open().every(({ carriedBytes }) => carriedBytes > 300_000))
      expect(replicator.sync.isClean).toBe(false)
      const cut = relay.open()[lane]
      for (const socket of cut?.sockets ?? []) socket.destroy()
      await eventually('all have connected anew', () => relay.connections.length === before + LANES && replicator.connected)
    }
    await eventually('the target is identical', () => replicator.sync.isClean)
    await expectIdentical()
    expect(relay.open()).toHaveLength(LANES)
  })

  test('where each connection is held back, more gets through', async () => {
    const { target, start, expectIdentical } = await setUp(3 * MIB)
    // Little, so that what holds both back is the line, and not a machine that does much else.
    const limited = { bytesPerSecond: MIB / 4 }
    const [ofMany, ofOne] = [await relayTo(target.target.port, limited), await relayTo(target.target.port, limited)]
    const many = start('m-1', ofMany.port, ANY_WAY_MS)
    const one = start('m-2', ofOne.port, Number.POSITIVE_INFINITY)
    await eventually('the one with lanes is identical', () => many.replicator.sync.isClean)
    await expectIdentical('m-1')
    expect(ofOne.connections).toHaveLength(1)
    expect(one.replicator.sentBytes).toBeGreaterThan(0)
    expect(ofOne.connections[0]?.carriedBytes).toBeLessThan((3 * MIB) / 2)
  })

  test('a short way has one connection', async () => {
    const { target, start, expectIdentical } = await setUp()
    const relay = await relayTo(target.target.port, { delayMs: 0 })
    const { replicator } = start('m-1', relay.port, undefined)
    await eventually('the target is identical', () => replicator.sync.isClean)
    await expectIdentical()
    expect(relay.connections).toHaveLength(1)
  })

  test('a target of before lanes is asked once, and then served by one connection', async () => {
    const { target, device } = await setUp(MIB)
    const replica = await openFileDevice(join(target.directory, 'replica.raw'), { create: { sizeBytes: MIB } })
    cleanups.push(() => replica.close())
    const server = createTlsServer({ ...tlsSettings(await target.authority.issue('target-1')), requestCert: true })
    let sessions = 0
    server.on('secureConnection', (socket) => {
      sessions += 1
      socket.on('error', () => {})
      void serveSession(socket, 'source-1', () => Promise.resolve(lend(replica)))
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    cleanups.push(() => new Promise((resolve) => server.close(resolve)))
    const old = { ...target.target, port: portOf(server) }
    const disk = { migrationId: 'm-1', diskKey: 'disk-0', sizeBytes: MIB }
    for (let round = 0; round < 2; round += 1) {
      const link = await openLink(old, disk, target.source, never, ANY_WAY_MS)
      const data = await readBytes(device, 0, 100_000)
      link.send({ frames: [encodeWrite(0, data)] }, data.length, () => Promise.resolve())
      await link.flush()
      expect((await readBytes(replica, 0, 100_000)).equals(data)).toBe(true)
      link.close()
      // The lanes that were refused, if they came as far as that, and the one that serves; afterwards only that one.
      if (round === 0) {
        expect(sessions).toBeGreaterThanOrEqual(2)
        expect(sessions).toBeLessThanOrEqual(LANES + 1)
        sessions = 0
      }
    }
    expect(sessions).toBe(1)
  })

  test('the way back has lanes too', async () => {
    const { target, device } = await setUp(MIB)
    const calls = new IncomingCalls()
    const server = await startStreamServer({
      host: '127.0.0.1', port: 0, credentials: await target.authority.issue('target-1'), log: pino({ enabled: false }),
      admit: () => Promise.reject(new Error('not asked')), turnRound: (_peer, hello, connection) => calls.offer(hello.diskKey, connection),
    })
    cleanups.push(() => server.close())
    const relay = await relayTo(server.port)
    const disk = { migrationId: 'm-1', diskKey: 'disk-0', sizeBytes: MIB }
    const called = await callForWayBack({ ...target.target, port: relay.port }, disk, target.source, never, ANY_WAY_MS)
    const served = serveSession(called, 'target-1', () => Promise.resolve(lend(device)))
    const link = await calls.answer(disk, never)
    const data = randomFillSync(Buffer.alloc(300_000))
    link.send({ frames: [encodeWrite(4096, data)] }, data.length, () => Promise.resolve())
    await link.flush()
    expect((await readBytes(device, 4096, data.length)).equals(data)).toBe(true)
    expect(relay.open()).toHaveLength(LANES)
    link.close()
    await served
    await eventually('nothing is left open', () => relay.open().length === 0)
  })

  test('a source that is stopped while its lanes connect leaves none behind', async () => {
    const { target } = await setUp(MIB)
    const relay = await relayTo(target.target.port, { delayMs: 40 })
    const stop = new AbortController()
    const reaching = reach({ ...target.target, port: relay.port }, target.source, stop.signal, ANY_WAY_MS)
    await eventually('the others are connecting', () => relay.connections.length > 1)
    stop.abort(new Error('stopped'))
    await expect(reaching).rejects.toThrow('stopped')
    await eventually('nothing is left open', () => relay.open().length === 0)
    const again = await reach({ ...target.target, port: relay.port }, target.source, never, ANY_WAY_MS)
    expect(again).toBeInstanceOf(Bundle)
    again.destroy()
  })
})
