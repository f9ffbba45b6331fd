import { randomFillSync } from 'node:crypto'
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterEach, describe, expect, test } from 'vitest'
import { connectNbd, openFileDevice } from '@driftless/nbd'
import type { DesiredSource, DesiredTarget } from '@driftless/agent-api'
import { noOrders } from '../orders/order-authority.ts'
import { countingReads } from '../testing/counting-device.ts'
import { fakeHypervisor } from '../testing/fake-hypervisor.ts'
import { desiredTarget, eventually, startTarget } from '../testing/pair.ts'
import { SourceRole } from './source-role.ts'

const MIB = 1024 * 1024
const SIZE = 4 * MIB

const cleanups: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

/** A source and a target agent with a VM of one disk, driven by hand instead of by a gateway. */
async function setUp(sizeBytes = SIZE) {
  const shadows = fakeHypervisor([])
  const reads = countingReads()
  const target = await startTarget({ hypervisor: shadows, open: reads.open })
  cleanups.push(target.close)
  const path = join(target.directory, 'vm.raw')
  const disk = await openFileDevice(path, { create: { sizeBytes } })
  await disk.write(0, randomFillSync(Buffer.alloc(2 * MIB)))
  await disk.close()
  const vm = { ref: 'vm-1', path, socketPath: join(target.directory, 'vm.sock'), sizeBytes, power: 'ON' as 'ON' | 'OFF' | 'STOPPING', health: 'HEALTHY' as const, obeys: true }
  const hypervisor = fakeHypervisor([vm], reads.open)
  const start = async () => {
    const role = new SourceRole({ credentials: target.source, hypervisor, dataDirectory: join(target.directory, 'source'), orders: noOrders, log: pino({ enabled: false }), now: Date.now, changed: () => {} })
    await role.start()
    return role
  }
  let source = await start()
  cleanups.push(() => source.close())
  const guest = await connectNbd({ socketPath: vm.socketPath, exportName: 'disk-0', reconnect: { forSeconds: 20 } })
  cleanups.push(() => guest.close())
  const disks = [{ key: 'disk-0', sizeBytes }]
  const streamKey = Buffer.alloc(32, 7).toString('base64')
  const wanted: DesiredSource = { migrationId: 'm-1', waveId: 'w-1', vmRef: 'vm-1', stage: 'REPLICATE', attempt: 0, target: target.target, disks, rateBytesPerSecond: null, guestWriteBytesPerSecond: null, shutdownSeconds: 0.3, streamKey }
  let version = 0
  const drive = (atSource: Partial<DesiredSource>, atTarget: Partial<DesiredTarget>) => {
    version += 1
    Object.assign(wanted, atSource)
    source.apply({ version: String(version), sources: [{ ...wanted }], targets: [], siteRateBytesPerSecond: null, observeVmRefs: [] })
    target.apply(desiredTarget('m-1', disks, { attempt: wanted.attempt, streamKey, ...atTarget }))
  }
  const observe = async () => {
    const [atSource, atTarget] = [(await source.report()).sources[0], (await target.report()).targets[0]]
    if (atSource === undefined || atTarget === undefined) throw new Error('nothing is reported')
    return { source: atSource, target: atTarget }
  }
  const replicated = () => eventually('the disk is in step', async () => (await observe()).source.disks[0]?.status === 'CONTINUOUS')
  /** Brings attempt `attempt` to the point where both sides have hashed. */
  const proven = async (attempt: number) => {
    drive({ stage: 'FINAL', attempt }, { stage: 'RECEIVE' })
    await eventually('the source has proof', async () => (await observe()).source.hashes !== null)
    drive({}, { stage: 'VERIFY' })
    await eventually('the target has proof', async () => (await observe()).target.hashes !== null)
    const { source: left, target: right } = await observe()
    expect(right.hashes).toEqual(left.hashes)
    return left
  }
  const restartSource = async () => {
    await source.close()
    source = await start()
  }
  return { vm, hypervisor, shadows, reads, target, guest, drive, observe, replicated, proven, restartSource, diskPath: target.replicaPath('m-1', 'disk-0') }
}

describe('stages', () => {
  test('a whole cutover: guest down in order, disks proven, shadow up, source left off and frozen', async () => {
    const { vm, hypervisor, shadows, guest, drive, observe, replicated, proven } = await setUp()
    drive({}, {})
    await replicated()
    await guest.write(3 * MIB, Buffer.from('late'))
    const proof = await proven(1)
    expect(proof.sourceOffAtMs).not.toBeNull()
    expect(proof.finalSyncAtMs).toBeGreaterThanOrEqual(proof.sourceOffAtMs ?? Infinity)
    await expect(guest.write(0, Buffer.from('x'))).rejects.toMatchObject({ code: 'EPERM' })
    drive({}, { stage: 'BOOT', acknowledgedSequence: 7 })
    await eventually('the shadow is healthy', async () => (await observe()).target.shadow?.health === 'HEALTHY')
    expect(shadows.calls).toEqual(['create shadow-m-1 7', 'power-on shadow-m-1'])
    drive({ stage: 'RELEASE' }, { stage: 'ACCEPT' })
    await eventually('replication has stopped', async () => (await observe()).source.disks[0]?.status === 'STOPPED')
    expect(vm.power).toBe('OFF')
    expect(hypervisor.calls).toEqual(['shutdown vm-1'])
    await expect(guest.write(0, Buffer.from('x'))).rejects.toMatchObject({ code: 'EPERM' })
  })

  test('a write that no tap saw is found by the second reading, before the move is accepted; the next attempt has it', async () => {
    const { vm, drive, observe, replicated, proven } = await setUp()
    drive({}, {})
    await replicated()
    await eventually('all is read back', async () => (await observe()).source.disks[0]?.verifiedBytes === SIZE)
    const past = await openFileDevice(vm.path)
    await past.write(MIB, Buffer.from('past the tap'))
    await past.close()
    await proven(1)
    drive({}, { stage: 'BOOT' })
    await eventually('the difference is told', async () => (await observe()).source.reread === 'DIFFERENT')
    drive({ stage: 'RETURN' }, { stage: 'KEEP' })
    await eventually('the source is on again', async () => (await observe()).source.guest.power === 'ON')
    await replicated()
    await proven(2)
    drive({}, { stage: 'BOOT' })
    await eventually('the disks are what was proven', async () => (await observe()).source.reread === 'EQUAL')
  })

  test('a guest that does not shut down is reported, never forced, and goes on after the return', async () => {
    const { vm, hypervisor, guest, drive, observe, replicated } = await setUp()
    vm.obeys = false
    drive({}, {})
    await replicated()
    drive({ stage: 'FINAL', attempt: 1 }, {})
    await eventually('the refusal is reported', async () => (await observe()).source.problem?.code === 'SHUTDOWN_REFUSED')
    expect((await observe()).source.sourceOffAtMs).toBeNull()
    vm.power = 'ON' // somebody at the console cancelled it
    drive({ stage: 'RETURN' }, { stage: 'KEEP' })
    await eventually('the problem is gone', async () => (await observe()).source.problem === null)
    await guest.write(0, Buffer.from('on it goes'))
    expect(hypervisor.calls).toEqual(['shutdown vm-1'])
  })

  test('after a failed boot the source is on again, and the replica is compared, not trusted', async () => {
    const { vm, hypervisor, shadows, guest, drive, observe, replicated, proven, target, diskPath } = await setUp()
    drive({}, {})
    await replicated()
    await proven(1)
    drive({}, { stage: 'BOOT' })
    await eventually('the shadow runs', async () => (await observe()).target.shadow?.power === 'ON')
    const shadow = shadows.vms[0]
    if (shadow === undefined) throw new Error('no shadow VM')
    const inside = await connectNbd({ socketPath: shadow.socketPath, exportName: 'disk-0', reconnect: { forSeconds: 5 } })
    await inside.write(MIB, Buffer.from('the shadow wrote this'))
    await inside.flush()
    await inside.close()
    shadow.health = 'BROKEN'
    await eventually('the broken guest is told', async () => (await observe()).target.problem?.code === 'GUEST_BROKEN')
    drive({ stage: 'RETURN' }, { stage: 'KEEP' })
    await replicated()
    expect(vm.power).toBe('ON')
    expect(shadows.vms).toEqual([])
    expect(hypervisor.calls).toEqual(['shutdown vm-1', 'power-on vm-1'])
    await guest.write(2 * MIB, Buffer.from('written after the return'))
    await proven(2)
    drive({ stage: 'STOP' }, { stage: 'DISCARD' })
    await eventually('a cancelled migration leaves the source on', () => vm.power === 'ON')
    await eventually('the replica is gone', () => stat(diskPath).then(() => false, () => true))
    await eventually('the guest may write again', () => guest.write(0, Buffer.from('x')).then(() => true, () => false))
    expect((await target.report()).targets[0]?.storedBytes).toBe(0)
  }, 40_000)

  test('agents that restart in the middle of a cutover converge to the same proof', async () => {
    const { drive, observe, replicated, proven, restartSource, target } = await setUp()
    drive({}, {})
    await replicated()
    const before = await proven(1)
    await restartSource()
    await target.restart()
    drive({}, { stage: 'VERIFY' })
    await eventually('both have proof again', async () => {
      const { source, target: other } = await observe()
      return source.hashes !== null && other.hashes !== null
    })
    const after = await observe()
    expect(after.source.hashes).toEqual(before.hashes)
    expect(after.target.hashes).toEqual(before.hashes)
    expect(after.source.sourceOffAtMs).toBe(before.sourceOffAtMs)
    expect(after.source.finalSyncAtMs).toBe(before.finalSyncAtMs)
  }, 40_000)

  test('while paused nothing is sent and nothing is lost; the write throttle holds', async () => {
    const { guest, drive, observe, replicated, proven } = await setUp()
    drive({}, {})
    await replicated()
    drive({ stage: 'PAUSE' }, {})
    await eventually('paused', async () => (await observe()).source.disks[0]?.status === 'PAUSED' && !(await observe()).source.connected)
    await guest.write(MIB, randomFillSync(Buffer.alloc(64 * 1024)))
    expect((await observe()).source.disks[0]?.foregroundLeftBytes).toBe(64 * 1024)
    drive({ stage: 'REPLICATE', guestWriteBytesPerSecond: 1024 * 1024, rateBytesPerSecond: 8 * MIB }, {})
    await replicated()
    await guest.write(0, randomFillSync(Buffer.alloc(128 * 1024)))
    await proven(1)
  }, 40_000)

  test('a VM’s own rate holds it back, and how its guest is slowed is told', async () => {
    const { guest, drive, observe, replicated } = await setUp()
    drive({ vmRateBytesPerSecond: 0 }, {})
    await eventually('connected', async () => (await observe()).source.connected)
    expect((await observe()).source.guestThrottle).toBeNull()
    drive({ vmRateBytesPerSecond: 0, guestWriteBytesPerSecond: MIB, guestLatencyLimitMs: 50 }, {})
    await eventually('slowed', async () => (await observe()).source.guestThrottle?.bytesPerSecond === MIB)
    for (let write = 0; write < 8; write += 1) await guest.write(write * 4096, randomFillSync(Buffer.alloc(4096)))
    const held = (await observe()).source
    expect(held.disks[0]).toMatchObject({ status: 'INITIAL_SYNC', foregroundDoneBytes: 0 })
    expect(held.guestThrottle).toMatchObject({ automatic: false, atLatencyLimit: false })
    drive({ vmRateBytesPerSecond: 64 * MIB, guestWriteBytesPerSecond: null, guestLatencyLimitMs: null }, {})
    await replicated()
    await eventually('let go', async () => (await observe()).source.guestThrottle === null)
  }, 40_000)

  test.each([4, 96])('with %i MiB the same little is read while the guest is off: what was written last', async (mebibytes) => {
    const { hypervisor, guest, reads, drive, observe, replicated, proven } = await setUp(mebibytes * MIB)
    drive({}, {})
    await replicated()
    await eventually('all is proven', async () => (await observe()).source.disks[0]?.verifiedBytes === mebibytes * MIB)
    const shutdown = hypervisor.shutdown.bind(hypervisor)
    hypervisor.shutdown = async (ref) => {
      await guest.write(3 * MIB, randomFillSync(Buffer.alloc(4096)))
      reads.readBytes = 0
      await shutdown(ref)
    }
    await proven(1)
    // The last block is read to be sent, and its piece of 64 KiB is read back on both sides, once or twice.
    expect(reads.readBytes).toBeLessThanOrEqual(4 * 64 * 1024 + 2 * 4096)
    expect(reads.readBytes).toBeGreaterThanOrEqual(2 * 64 * 1024)
  }, 40_000)
})
