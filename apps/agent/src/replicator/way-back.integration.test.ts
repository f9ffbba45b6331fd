import { randomFillSync } from 'node:crypto'
import { access, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterEach, describe, expect, test } from 'vitest'
import { connectNbd, openFileDevice } from '@driftless/nbd'
import type { DesiredSource, DesiredTarget } from '@driftless/agent-api'
import { serveSession } from '../receiver/disk-session.ts'
import { callForWayBack } from '../stream/way-back.ts'
import { noOrders } from '../orders/order-authority.ts'
import { regionBytesFor } from '../block/intent-log.ts'
import { fakeHypervisor } from '../testing/fake-hypervisor.ts'
import { desiredTarget, eventually, seededRandom, startTarget } from '../testing/pair.ts'
import { SourceRole } from './source-role.ts'

const MIB = 1024 * 1024
const SIZE = 16 * MIB
const DISKS = [{ key: 'disk-0', sizeBytes: SIZE }]

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

/** What the gateway gives both agents. */
const STREAM_KEY = Buffer.alloc(32, 7).toString('base64')

/** A VM that was moved: its source is off, its shadow VM runs, and both agents are told to keep the way back open. */
async function moved() {
  const shadows = fakeHypervisor([])
  const target = await startTarget({ hypervisor: shadows })
  cleanups.push(target.close)
  const path = join(target.directory, 'vm.raw')
  const disk = await openFileDevice(path, { create: { sizeBytes: SIZE } })
  await disk.write(0, randomFillSync(Buffer.alloc(8 * MIB)))
  await disk.close()
  const vm = { ref: 'vm-1', path, socketPath: join(target.directory, 'vm.sock'), sizeBytes: SIZE, power: 'ON' as 'ON' | 'OFF' | 'STOPPING', health: 'HEALTHY' as const, obeys: true }
  const hypervisor = fakeHypervisor([vm])
  const start = async () => {
    const role = new SourceRole({ credentials: target.source, hypervisor, dataDirectory: join(target.directory, 'source'), orders: noOrders, log: pino({ enabled: false }), now: Date.now, changed: () => {} })
    await role.start()
    return role
  }
  let source = await start()
  cleanups.push(() => source.close())
  const wanted: DesiredSource = { migrationId: 'm-1', waveId: 'w-1', vmRef: 'vm-1', stage: 'REPLICATE', attempt: 0, target: target.target, disks: DISKS, rateBytesPerSecond: null, guestWriteBytesPerSecond: null, shutdownSeconds: 5, streamKey: STREAM_KEY }
  let atTarget: Partial<DesiredTarget> = {}
  let version = 0
  const apply = () => {
    version += 1
    source.apply({ version: String(version), sources: [{ ...wanted }], targets: [], siteRateBytesPerSecond: null, observeVmRefs: [] })
    target.apply(desiredTarget('m-1', DISKS, { attempt: wanted.attempt, streamKey: STREAM_KEY, ...atTarget }))
  }
  const drive = (changes: Partial<DesiredSource>, targetChanges: Partial<DesiredTarget>) => {
    Object.assign(wanted, changes)
    atTarget = targetChanges
    apply()
  }
  const observe = async () => {
    const [left, right] = [(await source.report()).sources[0], (await target.report()).targets[0]]
    if (left === undefined || right === undefined) throw new Error('nothing is reported')
    return { source: left, target: right }
  }
  drive({}, {})
  await eventually('the disk is in step', async () => (await observe()).source.disks[0]?.status === 'CONTINUOUS')
  drive({ stage: 'FINAL', attempt: 1 }, {})
  await eventually('the source has proof', async () => (await observe()).source.hashes !== null)
  drive({}, { stage: 'VERIFY' })
  await eventually('the target has proof', async () => (await observe()).target.hashes !== null)
  drive({}, { stage: 'BOOT' })
  await eventually('the shadow is healthy', async () => (await observe()).target.shadow?.health === 'HEALTHY')
  drive({ stage: 'RELEASE' }, { stage: 'ACCEPT' })
  await eventually('replication has stopped', async () => (await observe()).source.disks[0]?.status === 'STOPPED')
  const shadow = shadows.vms[0]
  if (shadow === undefined) throw new Error('no shadow VM')
  const inside = await connectNbd({ socketPath: shadow.socketPath, exportName: 'disk-0', reconnect: { forSeconds: 20 } })
  cleanups.push(() => inside.close())
  const random = seededRandom(11)
  const write = async (count: number, withinBytes = SIZE) => {
    for (let done = 0; done < count; done += 1) {
      await inside.write(Math.floor(random() * (withinBytes - 4096)), randomFillSync(Buffer.alloc(Math.ceil(random() * 4096))))
    }
    await inside.flush()
  }
  const replica = target.replicaPath('m-1', 'disk-0')
  const same = async () => (await readFile(path)).equals(await readFile(replica))
  const inStep = () => eventually('the source follows the shadow VM', async () => {
    const { wayBack } = (await observe()).target
    return wayBack?.connected === true && wayBack.behindSinceMs === null
  })
  return {
    vm, hypervisor, shadows, target, drive, observe, write, same, inStep, apply, replica, path,
    restartSource: async () => {
      await source.close()
      source = await start()
      apply()
    },
    restartTarget: async () => {
      await target.restart()
      apply()
    },
  }
}

describe('the way back', () => {
  test('is open to a source that proves itself alone', async () => {
    const { target, drive, inStep } = await moved()
    drive({ stage: 'REVERSE' }, { stage: 'REVERSE' })
    await inStep()
    for (const pairing of [null, { key: Buffer.alloc(32).toString('base64'), sourceAgentId: 'source-1', targetAgentId: 'target-1' }]) {
      const called = await callForWayBack({ ...target.target, pairing }, { migrationId: 'm-1', diskKey: 'disk-0', sizeBytes: SIZE }, target.source, new AbortController().signal)
      const refused = await serveSession(called, 'target-1', () => Promise.reject(new Error('it said HELLO')))
      expect(refused).toMatchObject({ code: 'NOT_PROVEN' })
    }
    // The one that serves is not disturbed.
    await inStep()
  })

  test('a return loses nothing that the shadow VM wrote, and only that is sent', { timeout: 60_000 }, async () => {
    const { vm, hypervisor, shadows, target, drive, observe, write, same, inStep, path } = await moved()
    await write(50, MIB) // before anybody asked for a way back
    drive({ stage: 'REVERSE' }, { stage: 'REVERSE' })
    await inStep()
    await write(50, MIB)
    await inStep()
    expect(await same()).toBe(true)
    // All of it lay in the first mebibyte of the disk.
    expect((await observe()).target.wayBack?.sentBytes).toBeLessThan(2 * MIB + 64 * regionBytesFor(SIZE))
    drive({ stage: 'TAKE_BACK' }, { stage: 'HAND_BACK', shutdownSeconds: 5 })
    await eventually('the target has handed back', async () => (await observe()).target.hashes !== null)
    await eventually('the source has read its disks back', async () => (await observe()).source.hashes !== null)
    const { source: left, target: right } = await observe()
    expect(left.hashes).toEqual(right.hashes)
    expect(right).toMatchObject({ shadow: { power: 'OFF' }, wayBack: { shadowOffAtMs: expect.any(Number), finalSyncAtMs: expect.any(Number) } })
    expect(vm.power).toBe('OFF')
    const last = await readFile(path)
    drive({ stage: 'RETURN' }, { stage: 'KEEP' })
    await eventually('the source runs again', () => vm.power === 'ON')
    await eventually('the shadow VM is gone', () => shadows.vms.length === 0)
    expect((await readFile(path)).equals(last)).toBe(true)
    expect(hypervisor.calls).toEqual(['shutdown vm-1', 'power-on vm-1'])
    expect(shadows.calls).toEqual(['create shadow-m-1 0', 'power-on shadow-m-1', 'shutdown shadow-m-1', 'remove shadow-m-1'])
    await eventually('it replicates again', async () => (await observe()).source.disks[0]?.status === 'CONTINUOUS')
    expect(await access(target.store.wayBackFolder('m-1')).then(() => true, () => false)).toBe(false)
    expect(await same()).toBe(true)
  })

  test('agents that restart go on where they were: what was written since the first start is remembered', { timeout: 60_000 }, async () => {
    const { drive, observe, write, same, inStep, restartSource, restartTarget } = await moved()
    await write(20)
    drive({ stage: 'REVERSE' }, { stage: 'REVERSE' })
    await inStep()
    await restartTarget()
    await write(20)
    await inStep()
    await restartSource()
    await write(20)
    await inStep()
    expect(await same()).toBe(true)
    drive({ stage: 'TAKE_BACK' }, { stage: 'HAND_BACK', shutdownSeconds: 5 })
    await eventually('both have proof', async () => (await observe()).target.hashes !== null && (await observe()).source.hashes !== null)
    expect((await observe()).source.hashes).toEqual((await observe()).target.hashes)
  })

  test('a return that is called off leaves the shadow VM running, and its writes go on being taken back', { timeout: 60_000 }, async () => {
    const { vm, shadows, drive, observe, write, same, inStep } = await moved()
    drive({ stage: 'REVERSE' }, { stage: 'REVERSE' })
    await inStep()
    drive({}, { stage: 'HAND_BACK', shutdownSeconds: 5 })
    await eventually('the shadow VM is off', async () => (await observe()).target.shadow?.power === 'OFF')
    drive({}, { stage: 'REVERSE' })
    await eventually('it runs again', () => shadows.vms[0]?.power === 'ON')
    await write(20)
    await inStep()
    expect(await same()).toBe(true)
    expect(vm.power).toBe('OFF')
  })

  test.each([true, false])('a VM that is accepted once its return was called off runs on, also where it goes off only then (off before: %s)', { timeout: 60_000 }, async (obeys) => {
    const { shadows, drive, observe, write, inStep } = await moved()
    drive({ stage: 'REVERSE' }, { stage: 'REVERSE' })
    await inStep()
    const shadow = shadows.vms[0]
    if (shadow === undefined) throw new Error('no shadow VM')
    shadow.obeys = obeys
    drive({}, { stage: 'HAND_BACK', shutdownSeconds: 1 })
    await eventually('the shadow VM was asked', async () => (await observe()).target.shadow?.power === (obeys ? 'OFF' : 'STOPPING'))
    drive({ stage: 'RELEASE' }, { stage: 'ACCEPT' })
    await eventually('it is accepted', async () => (await observe()).target.stage === 'ACCEPT')
    if (!obeys) shadow.power = 'OFF'
    await eventually('it runs again', () => shadow.power === 'ON')
    await write(5)
    // Whoever switches it off from now on means it.
    shadow.power = 'OFF'
    await new Promise((resolve) => setTimeout(resolve, 1_000))
    expect(shadow.power).toBe('OFF')
  })

  test('nothing is taken into a source that runs, and what it wrote meanwhile is overwritten', { timeout: 60_000 }, async () => {
    const { vm, drive, observe, write, same, inStep, path } = await moved()
    const before = await readFile(path)
    vm.power = 'ON' // somebody at the console
    drive({ stage: 'REVERSE' }, { stage: 'REVERSE' })
    await write(5)
    await eventually('the trouble is told', async () => (await observe()).source.problem?.message.includes('is not off') === true)
    expect((await observe()).target.wayBack?.connected).toBe(false)
    expect((await readFile(path)).equals(before)).toBe(true)
    // Off again, and it had written: nothing is taken for granted, all is compared.
    const disk = await openFileDevice(path)
    await disk.write(5 * MIB, Buffer.from('written at the console'))
    await disk.close()
    vm.power = 'OFF'
    await inStep()
    expect(await same()).toBe(true)
  })
})
