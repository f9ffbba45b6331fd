import { randomFillSync } from 'node:crypto'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { openFileDevice } from '@driftless/nbd'
import type { BlockDevice, Extent } from '@driftless/nbd'
import { TokenBucket } from '../block/token-bucket.ts'
import { hashWholeDisk } from '../proof/piece-table.ts'
import { openLink } from '../stream/disk-link.ts'
import { HASH_PIECE_BYTES } from '../stream/protocol.ts'
import { desiredTarget, eventually, seededRandom, startTarget } from '../testing/pair.ts'
import { BlockCopier } from './block-copier.ts'
import { SyncState } from './sync-state.ts'

const MIB = 1024 * 1024
const SIZE = 8 * MIB
/** A cap at which compressing and asking pay, and a test is quick all the same. */
const SLOW = 16 * MIB
const never = new AbortController().signal

const cleanups: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

async function setUp() {
  const target = await startTarget()
  cleanups.push(target.close)
  const disk = async (name: string, fill: (device: BlockDevice) => Promise<void> = () => Promise.resolve()) => {
    const device = await openFileDevice(join(target.directory, `${name}.raw`), { create: { sizeBytes: SIZE } })
    cleanups.push(() => device.close())
    await fill(device)
    return device
  }
  /** Opens a connection for the disk of a migration, and a copier over it. */
  const connect = async (migrationId: string, device: BlockDevice, rateBytesPerSecond: number | null = null) => {
    const bucket = new TokenBucket()
    bucket.setRate(rateBytesPerSecond)
    await eventually('the target takes it', async () => (await target.report()).targets.some((seen) => seen.migrationId === migrationId && seen.stage === 'RECEIVE'))
    const link = await openLink(target.target, { migrationId, diskKey: 'disk-0', sizeBytes: SIZE }, target.source, never)
    cleanups.push(() => Promise.resolve(link.close()))
    const sync = new SyncState(SIZE, Date.now)
    sync.restart(link.ok.fresh ? 'FRESH' : 'COMPARE')
    return { link, sync, copier: new BlockCopier({ device, link, sync, buckets: [bucket], signal: link.closed }) }
  }
  const copy = async (migrationId: string, device: BlockDevice, rateBytesPerSecond: number | null = null) => {
    const { link, copier } = await connect(migrationId, device, rateBytesPerSecond)
    while (await copier.copyBackground());
    await link.flush(SIZE)
    expect(await replicaHash(target, migrationId)).toBe(await hashWholeDisk(device, never))
    link.close()
    return { wireBytes: link.wireBytes, sentBytes: copier.backgroundBytes }
  }
  const shape = [{ key: 'disk-0', sizeBytes: SIZE }]
  const desired = (migrationId: string, tenantId: string) => desiredTarget(migrationId, shape, { tenantId })
  return { target, disk, connect, copy, desired }
}

async function replicaHash(target: Awaited<ReturnType<typeof startTarget>>, migrationId: string): Promise<string> {
  const replica = await openFileDevice(target.replicaPath(migrationId, 'disk-0'), { readOnly: true })
  const hash = await hashWholeDisk(replica, never)
  await replica.close()
  return hash
}

/** As a disk with holes of 64 KiB would tell. */
async function extentsOf(device: BlockDevice, offset: number, length: number): Promise<Extent[]> {
  const extents: Extent[] = []
  const piece = Buffer.alloc(HASH_PIECE_BYTES)
  for (let at = 0; at < length; at += piece.length) {
    await device.read(offset + at, piece)
    const zero = piece.every((value) => value === 0)
    const last = extents.at(-1)
    if (last?.zero === zero) extents[extents.length - 1] = { length: last.length + piece.length, zero }
    else extents.push({ length: piece.length, zero })
  }
  return extents
}

const template = randomFillSync(Buffer.alloc(4 * MIB))

describe('copying over a slow link', () => {
  test('what another VM of the tenant has at the target is not sent again, at another place neither', async () => {
    const { target, disk, copy, desired } = await setUp()
    target.apply(desired('m-1', 'tenant-a'), desired('m-2', 'tenant-a'))
    await copy('m-1', await disk('first', (device) => device.write(0, template)), SLOW)
    const second = await disk('second', async (device) => {
      await device.write(3 * MIB, template)
      await device.write(3 * MIB + 100, Buffer.from('a change of its own'))
    })
    const { wireBytes, sentBytes } = await copy('m-2', second, SLOW)
    expect(sentBytes).toBe(HASH_PIECE_BYTES)
    expect(wireBytes).toBeLessThan(2 * HASH_PIECE_BYTES)
  })

  test('another tenant’s content is sent whole, though the target has it', async () => {
    const { target, disk, copy, desired } = await setUp()
    target.apply(desired('m-1', 'tenant-a'), desired('m-2', 'tenant-b'))
    const device = await disk('both', (fresh) => fresh.write(0, template))
    await copy('m-1', device, SLOW)
    const { wireBytes, sentBytes } = await copy('m-2', device, SLOW)
    expect(sentBytes).toBe(template.length)
    expect(wireBytes).toBeGreaterThan(template.length)
  })

  test('data that shrinks is compressed, data that does not is sent as it is', async () => {
    const { target, disk, copy, desired } = await setUp()
    target.apply(desired('m-1', 'tenant-a'), desired('m-2', 'tenant-b'))
    const text = Buffer.alloc(4 * MIB, 'a line of a log file that says much the same as every other line of it\n')
    const written = await disk('text', (device) => device.write(0, text))
    expect((await copy('m-1', written, SLOW)).wireBytes).toBeLessThan(text.length / 20)
    const noise = await disk('noise', (device) => device.write(0, template))
    expect((await copy('m-2', noise, SLOW)).wireBytes).toBeLessThan(template.length * 1.02)
  })

  test('pieces that change between their offer and their turn arrive as they are then', async () => {
    const { target, disk, copy, connect, desired } = await setUp()
    target.apply(desired('m-1', 'tenant-a'), desired('m-2', 'tenant-a'))
    await copy('m-1', await disk('first', (device) => device.write(0, template)), SLOW)
    const device = await disk('second', (fresh) => fresh.write(0, template))
    const random = seededRandom(5)
    const { link, sync, copier } = await connect('m-2', device, SLOW)
    while (await copier.copyBackground()) {
      // As a guest writes: beyond the sweep nothing is marked.
      const offset = Math.floor(random() * 4 * MIB)
      const length = Math.min(10_000, 4 * MIB - offset)
      if (random() < 0.5) await device.write(offset, randomFillSync(Buffer.alloc(length)))
      else await device.writeZeroes(offset, length)
      sync.mark(Math.floor(offset / 4096), Math.ceil((offset + length) / 4096))
    }
    sync.beginPass()
    while (await copier.copyForeground());
    await link.flush()
    expect(await replicaHash(target, 'm-2')).toBe(await hashWholeDisk(device, never))
  })

  test('holes that the disk tells of are not read, and one that is written to before its turn is sent', async () => {
    const { target, disk, connect, desired } = await setUp()
    target.apply(desired('m-1', 'tenant-a'))
    const device = await disk('first', (fresh) => fresh.write(5 * MIB, template.subarray(0, MIB)))
    let readBytes = 0
    let asked = 0
    const telling: BlockDevice = {
      ...device,
      readNow: () => false,
      read: (offset, into) => {
        readBytes += into.length
        return device.read(offset, into)
      },
      extents: async (offset, length) => {
        const told = await extentsOf(device, offset, length)
        asked += 1
        if (asked === 1) await device.write(2 * MIB, template.subarray(0, 3 * MIB)) // after the answer was made
        return told
      },
    }
    const { link, copier } = await connect('m-1', telling)
    while (await copier.copyBackground());
    await link.flush(SIZE)
    expect(await replicaHash(target, 'm-1')).toBe(await hashWholeDisk(device, never))
    expect(readBytes).toBeGreaterThanOrEqual(4 * MIB)
    expect(readBytes).toBeLessThan(SIZE)
    expect(copier.backgroundBytes).toBe(4 * MIB)
  })

  test('under a cap little of the sweep is taken ahead: a dirty block is next but a few pieces', async () => {
    const { target, disk, connect } = await setUp()
    target.apply(desiredTarget('m-1', [{ key: 'disk-0', sizeBytes: SIZE }]))
    const device = await disk('first', (fresh) => fresh.write(0, template))
    const { link, sync, copier } = await connect('m-1', device, MIB)
    let mostAheadBytes = 0
    while (sync.sweepPosition < 2 * MIB) {
      await copier.copyBackground()
      mostAheadBytes = Math.max(mostAheadBytes, sync.sweepPosition - link.wireBytes)
    }
    expect(mostAheadBytes).toBeGreaterThan(HASH_PIECE_BYTES)
    expect(mostAheadBytes).toBeLessThanOrEqual(6 * HASH_PIECE_BYTES)
  })

  test('the sweep’s position is the target’s own record', async () => {
    const { target, disk, copy, connect, desired } = await setUp()
    target.apply(desired('m-1', 'tenant-a'))
    const device = await disk('first', (fresh) => fresh.write(0, template))
    await copy('m-1', device)
    await target.restart()
    target.apply(desired('m-1', 'tenant-a'))
    const { link } = await connect('m-1', device)
    expect(link.ok).toMatchObject({ fresh: false, sweptBytes: SIZE })
  })
})
