import { mkdtemp, readFile, readdir, realpath, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { VCSIM_LOGIN, VCSIM_TIMEOUT_MS, startVcsim, withoutVcsim } from '../../../tests/support/vcsim.ts'
import type { RunningVcsim } from '../../../tests/support/vcsim.ts'
import { ask, connectVim, readServerCertificate, reference, retrieve, retrieveOne, waitForTask } from './index.ts'
import type { Ref, Vim, VimArguments } from './index.ts'

const MIB = 1024 * 1024
const AREA = 64 * 1024
/** Larger than one answer looks at, and sparse. */
const WIDE_MIB = 600

const changeInfo = z.object({ startOffset: z.bigint(), length: z.bigint(), changedArea: z.array(z.object({ start: z.bigint(), length: z.bigint() })).default([]) })
const disks = z.array(z.looseObject({ $type: z.string(), key: z.number() })).transform((all) =>
  all.flatMap((device) => {
    const disk = z.looseObject({ $type: z.literal('VirtualDisk'), key: z.number(), backing: z.looseObject({ fileName: z.string(), changeId: z.string().optional(), parent: z.looseObject({ fileName: z.string() }).optional() }) }).safeParse(device)
    return disk.success ? [disk.data] : []
  }),
)

/** What the tests of the agent rely on: that the simulator is as strict as a vCenter where it matters. */
describe.skipIf(withoutVcsim)('the simulated vCenter', () => {
  let vcsim: RunningVcsim
  let vim: Vim
  let devices = ''
  const open: Ref[] = []
  beforeAll(async () => {
    devices = await mkdtemp(join(tmpdir(), 'driftless-devices-'))
    const guest = { recordsPerSecond: 50, rewriteKiBPerSecond: 1024 }
    vcsim = await startVcsim({
      vms: 0,
      devices,
      scenario: {
        agentVm: 'agent',
        vms: [
          { name: 'web-1', power: 'on', tools: true, disks: [{ sizeMiB: 32, filledMiB: 8 }, { sizeMiB: 16, filledMiB: 4 }], guest },
          { name: 'wide', power: 'off', disks: [{ sizeMiB: WIDE_MIB, filledMiB: 0 }], changeTracking: true },
        ],
      },
    })
    const { fingerprint } = await readServerCertificate(vcsim.address)
    vim = await connectVim({ address: vcsim.address, fingerprint, ...VCSIM_LOGIN })
  }, VCSIM_TIMEOUT_MS)
  afterEach(async () => {
    for (const snapshot of open.splice(0)) await thaw(snapshot)
  })
  afterAll(async () => {
    await vim.close()
    await vcsim.stop()
    await rm(devices, { recursive: true })
  })

  async function only(type: string, name: string): Promise<Ref> {
    const found = (await retrieve(vim, { type, properties: ['name'] })).find(({ properties }) => properties.name === name)
    if (found === undefined) throw new Error(`There is no ${type} ${name}.`)
    return found.ref
  }
  function manager(name: 'fileManager' | 'virtualDiskManager'): Ref {
    const found = vim.content[name]
    if (found === undefined) throw new Error(`There is no ${name}.`)
    return found
  }
  const vmNamed = (name: string) => only('VirtualMachine', name)
  const optionOf = (key: string, value: string) => ({ $type: 'OptionValue', key, value })
  const run = async (ref: Ref, method: string, args: VimArguments) => waitForTask(vim, await ask(vim, ref, method, args, reference))
  const thaw = (snapshot: Ref) => run(snapshot, 'RemoveSnapshot_Task', { removeChildren: false })
  const freeze = async (vm: Ref) => reference.parse(await run(vm, 'CreateSnapshot_Task', { name: 'driftless', memory: false, quiesce: false }))
  /** A snapshot that goes with the test. */
  const freezeForTest = async (vm: Ref) => {
    const snapshot = await freeze(vm)
    open.push(snapshot)
    return snapshot
  }
  const track = (vm: Ref) => run(vm, 'ReconfigVM_Task', { spec: { changeTrackingEnabled: true } })
  const disksOf = async (ref: Ref) => disks.parse((await retrieveOne(vim, ref, ['config.hardware.device'])).properties['config.hardware.device'])
  const changes = (vm: Ref, snapshot: Ref, changeId: string, startOffset: bigint) => ask(vim, vm, 'QueryChangedDiskAreas', { snapshot, deviceKey: 2000, startOffset, changeId }, changeInfo)
  const flat = (file: string) => readFile(join(vcsim.datastores.LocalDS_0 ?? '', file))

  async function allChanges(vm: Ref, snapshot: Ref, changeId: string, sizeBytes: number) {
    const pages: z.infer<typeof changeInfo>[] = []
    for (let offset = 0n; offset < BigInt(sizeBytes); ) {
      const page = await changes(vm, snapshot, changeId, offset)
      expect(page.startOffset).toBe(offset)
      expect(page.length).toBeGreaterThan(0n)
      pages.push(page)
      offset += page.length
    }
    return pages
  }

  test('a snapshot freezes every disk while the guest writes on, and its removal brings the writes down', async () => {
    const vm = await vmNamed('web-1')
    const snapshot = await freeze(vm)
    const before = await Promise.all([flat('web-1/web-1-flat.vmdk'), flat('web-1/web-1_1-flat.vmdk')])
    const { acknowledgedSequence } = await vcsim.guest('web-1')
    await expect.poll(async () => (await vcsim.guest('web-1')).acknowledgedSequence).toBeGreaterThan(acknowledgedSequence + 10)
    const after = await Promise.all([flat('web-1/web-1-flat.vmdk'), flat('web-1/web-1_1-flat.vmdk')])
    expect(after.map((content, index) => content.equals(before[index] ?? Buffer.alloc(0)))).toEqual([true, true])
    expect((await disksOf(vm)).map(({ key, backing }) => [key, backing.fileName, backing.parent?.fileName])).toEqual([
      [2000, '[LocalDS_0] web-1/web-1-000001.vmdk', '[LocalDS_0] web-1/web-1.vmdk'],
      [2001, '[LocalDS_0] web-1/web-1_1-000001.vmdk', '[LocalDS_0] web-1/web-1_1.vmdk'],
    ])
    expect((await disksOf(snapshot)).map(({ backing }) => backing.fileName)).toEqual(['[LocalDS_0] web-1/web-1.vmdk', '[LocalDS_0] web-1/web-1_1.vmdk'])
    await thaw(snapshot)
    expect((await disksOf(vm)).map(({ backing }) => backing.fileName)).toEqual(['[LocalDS_0] web-1/web-1.vmdk', '[LocalDS_0] web-1/web-1_1.vmdk'])
    expect((await flat('web-1/web-1-flat.vmdk')).equals(before[0])).toBe(false)
    expect((await vcsim.guest('web-1')).health).toBe('HEALTHY')
  })

  test('what was written between two snapshots is told, and nothing that was not; a lost change id is a FileFault', async () => {
    const vm = await vmNamed('web-1')
    await track(vm)
    const first = await freeze(vm)
    const mark = (await disksOf(first))[0]?.backing.changeId ?? ''
    expect(mark).toMatch(/^([\da-f]{2} ){7}[\da-f]{2}-([\da-f]{2} ){7}[\da-f]{2}\/\d+$/)
    await thaw(first)
    await vcsim.control({ do: 'write', vm: 'web-1', disk: 0, offset: 20 * MIB + 5, length: 10, byte: 7 })
    await vcsim.control({ do: 'writeUntracked', vm: 'web-1', disk: 0, offset: 24 * MIB, length: 10, byte: 7 })
    const second = await freezeForTest(vm)
    const told = (await allChanges(vm, second, mark, 32 * MIB)).flatMap(({ changedArea }) => changedArea)
    const beyondGuest = told.filter(({ start }) => start >= 8n * BigInt(MIB))
    expect(beyondGuest).toEqual([expect.objectContaining({ start: BigInt(20 * MIB), length: BigInt(AREA) })])
    // The guest's ledger, its files, and what was written from here. Most of the ledger is empty still.
    const allocated = (await allChanges(vm, second, '*', 32 * MIB)).flatMap(({ changedArea }) => changedArea)
    expect(allocated.map(({ start }) => start)).toEqual([0n, BigInt(2 * MIB), BigInt(20 * MIB), BigInt(24 * MIB)])
    await expect(changes(vm, second, mark, BigInt(32 * MIB))).rejects.toMatchObject({ fault: 'InvalidArgument' })
    await vcsim.control({ do: 'forgetChangeIds', vm: 'web-1' })
    await expect(changes(vm, second, mark, 0n)).rejects.toMatchObject({ fault: 'FileFault' })
  })

  test('no answer holds more than 2,000 areas, and an empty one is not the end', async () => {
    const vm = await vmNamed('wide')
    await run(vm, 'PowerOnVM_Task', {})
    const first = await freeze(vm)
    const mark = (await disksOf(first))[0]?.backing.changeId ?? ''
    await thaw(first)
    const count = 2_100
    for (let n = 0; n < count; n += 1) await vcsim.control({ do: 'write', vm: 'wide', disk: 0, offset: n * 2 * AREA, length: 1, byte: 1 })
    const pages = await allChanges(vm, await freezeForTest(vm), mark, WIDE_MIB * MIB)
    const counts = pages.map(({ changedArea }) => changedArea.length)
    expect(counts[0]).toBe(2_000)
    expect(counts.at(-1)).toBe(0)
    expect(counts.reduce((sum, each) => sum + each, 0)).toBe(count)
  })

  test('the flat file of a disk is handed out under a snapshot, and locked while the VM writes to it', async () => {
    const vm = await vmNamed('web-1')
    const file = { datacenter: 'DC0', datastore: 'LocalDS_0', path: 'web-1/web-1-flat.vmdk' }
    await expect(vim.fileBytes(file)).rejects.toThrow(/500/)
    await freezeForTest(vm)
    expect(await vim.fileBytes(file)).toBe(32 * MIB)
    const read = Buffer.alloc(MIB)
    await vim.readFile(file, 2 * MIB, read)
    expect(read.equals((await flat('web-1/web-1-flat.vmdk')).subarray(2 * MIB, 3 * MIB))).toBe(true)
    await vcsim.control({ do: 'endSessions' })
    await vim.readFile(file, 0, read)
  })

  test('a disk that is connected to the agent’s VM appears there, and is locked against everybody else', async () => {
    const [agent, vm] = [await vmNamed('agent'), await vmNamed('web-1')]
    const connectDisk = (fileName: string, controllerKey = 1000) => run(agent, 'ReconfigVM_Task', { spec: { deviceChange: [{ operation: 'add', device: { $type: 'VirtualDisk', key: -1, controllerKey, capacityInKB: 0n, backing: { $type: 'VirtualDiskFlatVer2BackingInfo', fileName, diskMode: 'independent_nonpersistent' } } }] } })
    const base = '[LocalDS_0] web-1/web-1.vmdk'
    await expect(connectDisk(base)).rejects.toMatchObject({ fault: 'FileLocked' })
    const snapshot = await freezeForTest(vm)
    await expect(connectDisk(base, 200)).rejects.toMatchObject({ fault: 'InvalidDeviceSpec' })
    await expect(connectDisk('[LocalDS_0] web-1/web-1-000001.vmdk')).rejects.toMatchObject({ fault: 'FileLocked' })
    await connectDisk(base)
    const [connected] = await disksOf(agent)
    expect(connected).toMatchObject({ key: 2000, capacityInBytes: BigInt(32 * MIB), backing: { fileName: base } })
    const name = `wwn-0x${String(connected?.backing.uuid).replaceAll('-', '').toLowerCase()}`
    await expect.poll(() => readdir(devices)).toEqual([name])
    expect(await realpath(join(devices, name))).toBe(await realpath(join(vcsim.datastores.LocalDS_0 ?? '', 'web-1/web-1-flat.vmdk')))
    await expect(thaw(snapshot)).rejects.toMatchObject({ fault: 'FileLocked' })
    await expect(run(manager('fileManager'), 'DeleteDatastoreFile_Task', { name: '[LocalDS_0] web-1', datacenter: await only('Datacenter', 'DC0') })).rejects.toMatchObject({ fault: 'FileLocked' })
    await run(agent, 'ReconfigVM_Task', { spec: { deviceChange: [{ operation: 'remove', device: { $type: 'VirtualDisk', key: 2000, capacityInKB: 0n } }] } })
    expect(await readdir(devices)).toEqual([])
    expect((await stat(join(vcsim.datastores.LocalDS_0 ?? '', 'web-1/web-1-flat.vmdk'))).size).toBe(32 * MIB)
  })

  test('a VM that is built over a copy of the disks boots into the same guest, and one that misses a write is broken', async () => {
    const source = await vmNamed('web-1')
    const dc = await only('Datacenter', 'DC0')
    const acknowledged = (await vcsim.guest('web-1')).acknowledgedSequence
    const snapshot = await freeze(source)
    const content = await flat('web-1/web-1-flat.vmdk')
    await thaw(snapshot)

    const target = '[LocalDS_0] copy/copy.vmdk'
    await vim.call(manager('fileManager'), 'MakeDirectory', { name: '[LocalDS_0] copy', datacenter: dc })
    await run(manager('virtualDiskManager'), 'CreateVirtualDisk_Task', { name: target, datacenter: dc, spec: { $type: 'FileBackedVirtualDiskSpec', diskType: 'thin', adapterType: 'lsiLogic', capacityKb: BigInt(32 * 1024) } })
    expect(await vim.call(manager('virtualDiskManager'), 'QueryVirtualDiskUuid', { name: target, datacenter: dc })).toMatch(/^60 00 C2 9/)
    await writeFile(join(vcsim.datastores.LocalDS_0 ?? '', 'copy/copy-flat.vmdk'), content, { flag: 'r+' })
    const copy = reference.parse(await run(await only('Folder', 'vm'), 'CreateVM_Task', {
      pool: await only('ResourcePool', 'Resources'),
      config: {
        name: 'copy',
        guestId: 'debian11_64Guest',
        files: { vmPathName: '[LocalDS_0] copy' },
        extraConfig: [optionOf('driftless.sim.guest', '50,1024'), optionOf('driftless.sim.tools', 'true'), optionOf('guestinfo.driftless.expects', String(acknowledged))],
        deviceChange: [
          { operation: 'add', device: { $type: 'ParaVirtualSCSIController', key: -1, busNumber: 0, sharedBus: 'noSharing' } },
          { operation: 'add', device: { $type: 'VirtualDisk', key: -2, controllerKey: -1, unitNumber: 0, capacityInKB: 0n, backing: { $type: 'VirtualDiskFlatVer2BackingInfo', fileName: target, diskMode: 'persistent' } } },
          { operation: 'add', device: { $type: 'VirtualVmxnet3', key: -3, addressType: 'manual', macAddress: '00:50:56:81:02:03', backing: { $type: 'VirtualEthernetCardNetworkBackingInfo', deviceName: 'VM Network' } } },
        ],
      },
    }))
    expect(await disksOf(copy)).toMatchObject([{ key: 2000, capacityInBytes: BigInt(32 * MIB), backing: { fileName: target } }])
    await run(copy, 'PowerOnVM_Task', {})
    await expect.poll(() => vcsim.guest('copy')).toMatchObject({ health: 'HEALTHY', sequenceAtBoot: expect.any(Number) })
    expect((await vcsim.guest('copy')).sequenceAtBoot).toBeGreaterThanOrEqual(acknowledged)
    await vim.call(copy, 'ShutdownGuest')
    await expect.poll(async () => (await retrieveOne(vim, copy, ['runtime.powerState'])).properties['runtime.powerState']).toBe('poweredOff')

    const { acknowledgedSequence } = await vcsim.guest('copy')
    await vcsim.control({ do: 'write', vm: 'copy', disk: 0, offset: 4096 + 512 * (acknowledgedSequence - 3), length: 512, byte: 0 })
    await run(copy, 'PowerOnVM_Task', {})
    await expect.poll(() => vcsim.guest('copy')).toMatchObject({ health: 'BROKEN', healthDetail: expect.stringContaining(`Record ${acknowledgedSequence - 3} is missing`) })
    await run(copy, 'PowerOffVM_Task', {})
    await run(copy, 'Destroy_Task', {})
    expect(await readdir(vcsim.datastores.LocalDS_0 ?? '')).not.toContain('copy')
  })
})
