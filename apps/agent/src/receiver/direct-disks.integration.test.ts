import { randomFillSync } from 'node:crypto'
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { openFileDevice } from '@driftless/nbd'
import type { DesiredTarget } from '@driftless/agent-api'
import { TokenBucket } from '../block/token-bucket.ts'
import { DiskReplicator } from '../replicator/disk-replicator.ts'
import { filteredTap } from '../tap/served-tap.ts'
import { DirectDisks } from '../testing/direct-disks.ts'
import { fakeHypervisor } from '../testing/fake-hypervisor.ts'
import { desiredTarget, eventually, startTarget } from '../testing/pair.ts'

const MIB = 1024 * 1024
const SIZE = 4 * MIB
const DISKS = [{ key: 'disk-0', sizeBytes: SIZE }]
const ID = { migrationId: 'm-1', key: 'disk-0' }

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

/** A disk replicated to a target whose shadow VMs run from the replicas' disks directly. */
async function setUp() {
  const directory = await mkdtemp(join(tmpdir(), 'dl-direct-'))
  cleanups.push(() => rm(directory, { recursive: true, force: true }))
  const disks = new DirectDisks({ directory })
  const shadows = fakeHypervisor([])
  /** Never two: whoever starts a VM has closed its disks. */
  const apart = (what: string) => {
    if (disks.opened.size > 0) throw new Error(`${what} while the replica is open.`)
  }
  const hypervisor = {
    ...shadows, replicaDisks: disks,
    createShadow: (...args: Parameters<typeof shadows.createShadow>) => (apart('A VM is built'), shadows.createShadow(...args)),
    powerOn: (ref: string) => (apart('A VM is started'), shadows.powerOn(ref)),
  }
  const target = await startTarget({ hypervisor })
  cleanups.push(target.close)
  const content = randomFillSync(Buffer.alloc(SIZE))
  const device = await openFileDevice(join(directory, 'source.raw'), { create: { sizeBytes: SIZE } })
  await device.write(0, content)
  const tap = filteredTap({ key: 'disk-0', usedBytes: SIZE, device }, { throttle: new TokenBucket(), statePath: '' })
  const replicator = new DiskReplicator({ disk: { migrationId: 'm-1', diskKey: 'disk-0', sizeBytes: SIZE }, tap, credentials: target.source, buckets: [], tablePath: join(directory, 'source.pieces'), now: Date.now })
  replicator.setTarget(target.target)
  replicator.start()
  cleanups.push(() => tap.close(), () => replicator.stop())
  const drive = (changes: Partial<DesiredTarget>) => target.apply(desiredTarget('m-1', DISKS, changes))
  const observed = async () => (await target.report()).targets[0]
  const path = disks.pathOf(ID)
  const inStep = () => eventually('the replica has what the source has', async () => replicator.sync.isClean && (await readFile(path)).equals(content))
  const runs = () => eventually('the shadow VM runs', async () => (await observed())?.shadow?.power === 'ON' && (await observed())?.stage === 'BOOT')
  return { target, disks, shadows, replicator, drive, observed, path, inStep, runs }
}

describe('a shadow VM that runs from the replica’s disks directly', () => {
  test('gets them once they are closed; they are opened again when it is gone, and what it wrote is undone', async () => {
    const { disks, shadows, drive, observed, path, inStep, runs } = await setUp()
    drive({})
    await inStep()
    drive({ stage: 'VERIFY', attempt: 1 })
    await eventually('the replica is hashed', async () => (await observed())?.hashes !== null)
    const before = (await observed())?.hashes
    drive({ stage: 'BOOT', attempt: 1, acknowledgedSequence: 7 })
    await runs()
    expect(shadows.vms).toMatchObject([{ path }])
    expect(disks.opened.size).toBe(0)
    // As the VM would, past the agent.
    const guest = await openFileDevice(path)
    await guest.write(MIB, Buffer.from('written by the shadow VM'))
    await guest.close()
    drive({ stage: 'KEEP', attempt: 1 })
    await inStep()
    expect(shadows.calls).toEqual(['create shadow-m-1 7', 'power-on shadow-m-1', 'power-off shadow-m-1', 'remove shadow-m-1'])
    drive({ stage: 'VERIFY', attempt: 2 })
    await eventually('the replica is hashed anew', async () => (await observed())?.hashes !== null)
    expect((await observed())?.hashes).toEqual(before)
  })

  test('hashes from before it are not believed after it, whatever restarts lie between', async () => {
    const { target, disks, replicator, drive, observed, path, inStep, runs } = await setUp()
    drive({})
    await inStep()
    await replicator.stop() // what was changed is not to be put right
    drive({ stage: 'VERIFY', attempt: 1 })
    await eventually('the replica is hashed', async () => (await observed())?.hashes !== null)
    const before = (await observed())?.hashes
    // In order: the table of hashes is kept, and taken up by whoever opens the disk next.
    await target.restart()
    drive({ stage: 'BOOT', attempt: 1 })
    await runs()
    const guest = await openFileDevice(path)
    await guest.write(0, Buffer.alloc(MIB))
    await guest.close()
    await target.restart()
    expect(disks.opened.size).toBe(0)
    drive({ stage: 'KEEP', attempt: 1 })
    await eventually('the shadow VM is gone', async () => (await observed())?.stage === 'KEEP')
    drive({ stage: 'VERIFY', attempt: 2 })
    await eventually('the replica is hashed anew', async () => (await observed())?.hashes !== null)
    expect((await observed())?.hashes).not.toEqual(before)
  })

  test('a disk that cannot be closed keeps it from being built until it can', async () => {
    const { disks, drive, inStep, runs } = await setUp()
    drive({})
    await inStep()
    disks.failingCloses = 2
    drive({ stage: 'BOOT', attempt: 1 })
    await runs()
    expect(disks.failingCloses).toBe(0)
  })

  test('a disk that a killed agent had open is taken from it', async () => {
    const { target, disks, replicator, drive, inStep, path, runs } = await setUp()
    drive({})
    await inStep()
    await replicator.stop()
    await target.restart()
    disks.opened.add(path)
    drive({ stage: 'BOOT', attempt: 1 })
    await runs()
  })

  test('there is no way back from it and no test of its replica yet, which is said; it runs on', async () => {
    const { shadows, drive, observed, inStep, runs } = await setUp()
    drive({})
    await inStep()
    drive({ test: { id: 't-1', point: null } })
    await eventually('the test is refused', async () => (await observed())?.test?.problem?.code === 'TEST_NOT_AVAILABLE')
    drive({})
    await eventually('the test is over', async () => (await observed())?.test === null)
    drive({ stage: 'BOOT', attempt: 1 })
    await runs()
    drive({ stage: 'REVERSE', attempt: 1 })
    await eventually('the way back is refused', async () => (await observed())?.problem?.code === 'NO_WAY_BACK')
    expect(await observed()).toMatchObject({ shadow: { power: 'ON' } })
    drive({ stage: 'ACCEPT', attempt: 1 })
    await eventually('it is left alone', async () => (await observed())?.stage === 'ACCEPT' && (await observed())?.problem === null)
    expect(shadows.vms).toMatchObject([{ power: 'ON' }])
  })

  test('discarding removes it and the disks', async () => {
    const { shadows, drive, observed, path, inStep, runs } = await setUp()
    drive({})
    await inStep()
    drive({ stage: 'BOOT', attempt: 1 })
    await runs()
    drive({ stage: 'DISCARD', attempt: 1 })
    await eventually('all is gone', async () => (await observed())?.stage === 'DISCARD')
    expect(shadows.vms).toEqual([])
    await expect(stat(path)).rejects.toMatchObject({ code: 'ENOENT' })
  })
})
