import { mkdir, mkdtemp, readFile, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { retrieve, retrieveOne } from '@driftless/vim25'
import type { Ref, Vim } from '@driftless/vim25'
import { VCSIM_TIMEOUT_MS, startVcsim, withoutVcsim } from '../../../../../../tests/support/vcsim.ts'
import type { RunningVcsim } from '../../../../../../tests/support/vcsim.ts'
import { AGENT_VM, logIn } from '../../../../../../tests/support/vsphere.ts'
import type { ShadowVm } from '../../hypervisor.ts'
import { AgentVm } from '../hot-add/agent-vm.ts'
import { isDisk, readDevices } from '../hot-add/devices.ts'
import { extraOption } from '../inventory/guest-report.ts'
import { findAgentVm } from '../connection/lookup.ts'
import { runTask } from '../connection/run-task.ts'
import { createShadow, findShadow, removeShadow } from './shadow-vm.ts'
import type { VsphereTargetOptions } from './target-options.ts'
import { vsphereShape } from '../inventory/vm-shape.ts'
import { VmdkReplicaDisks, isReplicaFile } from './vmdk-replica-disks.ts'

const MIB = 1024 * 1024
const ID = { migrationId: 'm-1', key: 'disk-2000' }
const FIRST = Buffer.from('before the shadow VM')

describe.skipIf(withoutVcsim)('a target on a simulated vCenter', () => {
  let vcsim: RunningVcsim
  let vim: Vim
  let folder = ''
  let devices = ''
  let datastore = ''
  let life = 0
  const cleanups: (() => unknown)[] = []

  beforeAll(async () => {
    devices = await mkdtemp(join(tmpdir(), 'dl-devices-'))
    vcsim = await startVcsim({ vms: 1, devices, scenario: { agentVm: AGENT_VM, vms: [{ name: 'web-1', power: 'off', disks: [{ sizeMiB: 4, filledMiB: 1 }] }] } })
    vim = await logIn(vcsim)
    datastore = Object.keys(vcsim.datastores)[0] ?? ''
  }, VCSIM_TIMEOUT_MS)
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'dl-target-'))
  })
  afterEach(async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
    await rm(folder, { recursive: true, force: true })
  })
  afterAll(async () => {
    await vim.close()
    await vcsim.stop()
    await rm(devices, { recursive: true, force: true })
  })

  /** The target's side of an agent; another life of it each time, on the same records. */
  function start(changes: Partial<VsphereTargetOptions> = {}) {
    life += 1
    const target: VsphereTargetOptions = { agentVm: AGENT_VM, devicesDirectory: devices, storages: { gold: datastore }, networks: { prod: 'VM Network' }, datacenter: null, ...changes }
    const vcenter = { use: <T>(work: (vim: Vim) => Promise<T>) => work(vim) }
    const agentVm = new AgentVm(vcenter, { ...target, linkLimitMs: 2_000 })
    const disks = new VmdkReplicaDisks({ vcenter, agentVm, target, directory: join(folder, 'vmdks') })
    return { target, agentVm, disks }
  }
  const attached = async (): Promise<string[]> => (await readDevices(vim, await findAgentVm(vim, AGENT_VM))).filter(isDisk).map(({ backing }) => backing?.fileName ?? '')
  const links = () => readdir(devices)
  const shadowOf = async (disks: VmdkReplicaDisks, changes: Partial<ShadowVm> = {}): Promise<ShadowVm> => ({
    ref: 'shadow-m-1', name: 'moved', guestOs: 'Debian', cpus: 2, memoryBytes: 512 * MIB, network: 'prod', storage: 'gold', acknowledgedSequence: 42,
    shadowNeeds: { vsphere: vsphereShape.parse({ guestId: 'otherLinux64Guest', controllers: [{ type: 'VirtualLsiLogicController', busNumber: 0, disks: [{ key: ID.key, unitNumber: 2 }] }], nics: [{ type: 'VirtualVmxnet3', mac: '00:50:56:01:02:03', connected: true }] }) },
    disks: [{ key: ID.key, sizeBytes: 8 * MIB, path: await disks.nameOf(ID), socketPath: '' }], ...changes,
  })
  const power = (vm: Ref | null, method: 'PowerOnVM_Task' | 'PowerOffVM_Task') => runTask(vim, vm ?? vim.content.rootFolder, method)
  const count = async (name: string) => (await retrieve(vim, { type: 'VirtualMachine', properties: ['name'] })).filter(({ properties }) => properties.name === name).length
  /** Nothing of the test is left on the vCenter. */
  const removedAfterwards = (disks: VmdkReplicaDisks) => cleanups.push(async () => {
    const vm = await findShadow(vim, 'shadow-m-1')
    if (vm !== null) await power(vm, 'PowerOffVM_Task').catch(() => undefined)
    await removeShadow(vim, 'shadow-m-1')
    await disks.remove(ID.migrationId)
  })

  test('a replica’s whole life: made, written, given to a shadow VM, taken back with what that wrote, removed', async () => {
    const { disks, target } = start()
    removedAfterwards(disks)
    expect(await disks.sizeOf(ID)).toBeNull()
    await disks.create(ID, 8 * MIB, 'gold')
    expect(await disks.sizeOf(ID)).toBe(8 * MIB)
    expect(await disks.nameOf(ID)).toBe(`[${datastore}] driftless/m-1/disk-2000.vmdk`)

    const device = await disks.open(ID)
    expect(device.sizeBytes).toBe(8 * MIB)
    await device.write(MIB, FIRST)
    expect(await attached()).toEqual([await disks.nameOf(ID)])
    await device.close()
    expect([await attached(), await links()]).toEqual([[], []])
    await device.close() // whoever was not sure may close again

    const shadow = await shadowOf(disks)
    await createShadow(vim, target, shadow)
    await createShadow(vim, target, shadow)
    const vm = await findShadow(vim, shadow.ref)
    const { properties } = await retrieveOne(vim, vm ?? vim.content.rootFolder, ['name', 'config.extraConfig', 'config.hardware.numCPU', 'config.hardware.memoryMB', 'config.guestId'])
    expect(properties).toMatchObject({ 'name': 'moved', 'config.hardware.numCPU': 2, 'config.hardware.memoryMB': 512, 'config.guestId': 'otherLinux64Guest' })
    expect(extraOption(properties['config.extraConfig'], 'guestinfo.driftless.expects')).toBe('42')
    expect((await readDevices(vim, vm ?? vim.content.rootFolder)).find(isDisk)).toMatchObject({ unitNumber: 2, backing: { fileName: await disks.nameOf(ID) } })
    expect(await count('moved')).toBe(1)

    await power(vm, 'PowerOnVM_Task')
    await expect(removeShadow(vim, shadow.ref)).rejects.toThrow(/"moved" is not off/)
    await power(vm, 'PowerOffVM_Task')
    await removeShadow(vim, shadow.ref)
    await removeShadow(vim, shadow.ref)
    expect(await findShadow(vim, shadow.ref)).toBeNull()

    const again = await disks.open(ID)
    const into = Buffer.alloc(FIRST.length)
    await again.read(MIB, into)
    expect(into).toEqual(FIRST)
    await again.close()
    await disks.remove(ID.migrationId)
    await disks.remove(ID.migrationId)
    expect(await disks.sizeOf(ID)).toBeNull()
    expect(await readdir(join(vcsim.datastores[datastore] ?? '', 'driftless'))).toEqual([])
  })

  test('an agent that is killed with a disk open finds it in its next life, and lets it go before a VM has it', async () => {
    const killed = start()
    removedAfterwards(killed.disks)
    await killed.disks.create(ID, 8 * MIB, 'gold')
    await (await killed.disks.open(ID)).write(0, FIRST)
    // Killed here.
    const { disks, target } = start()
    expect(await disks.sizeOf(ID)).toBe(8 * MIB)
    const device = await disks.open(ID)
    const into = Buffer.alloc(FIRST.length)
    await device.read(0, into)
    expect(into).toEqual(FIRST)
    expect(await attached()).toHaveLength(1)
    // Killed again, and the next life builds the shadow VM at once.
    const last = start()
    await createShadow(vim, target, await shadowOf(last.disks))
    const vm = await findShadow(vim, 'shadow-m-1')
    await expect(power(vm, 'PowerOnVM_Task')).rejects.toMatchObject({ fault: 'FileLocked' })
    await last.disks.letGo(ID)
    expect(await attached()).toEqual([])
    await power(vm, 'PowerOnVM_Task')
    // A shadow VM that runs keeps its disk to itself.
    await expect(last.disks.open(ID)).rejects.toThrow(/could not be connected to the agent's VM "driftless-agent"/)
    await expect(last.disks.remove(ID.migrationId)).rejects.toMatchObject({ fault: 'FileLocked' })
    expect(await last.disks.sizeOf(ID)).toBe(8 * MIB)
  })

  test('a disk made anew is empty, also in the place of one that nobody remembers; storages of a plan are datastores', async () => {
    const first = start()
    removedAfterwards(first.disks)
    await first.disks.create(ID, 2 * MIB, 'gold')
    const old = await first.disks.open(ID)
    await old.write(0, FIRST)
    await rm(join(folder, 'vmdks'), { recursive: true })
    const { disks } = start({ storages: {} })
    removedAfterwards(disks)
    await disks.create(ID, 3 * MIB + 512, datastore)
    expect(await disks.sizeOf(ID)).toBe(3 * MIB + 512)
    const device = await disks.open(ID)
    const into = Buffer.alloc(FIRST.length)
    await device.read(0, into)
    expect(into).toEqual(Buffer.alloc(FIRST.length))
    await device.close()
    await old.close()
    await expect(disks.create(ID, MIB, 'platinum')).rejects.toMatchObject({ code: 'STORAGE_UNUSABLE', message: expect.stringMatching(/"platinum".*there are .*LocalDS_0/) })
    expect(disks.placeOf('platinum')).toBe('platinum')
  })

  test('room is that of the plan’s datastores, and what a disk takes is counted', async () => {
    const { disks } = start()
    removedAfterwards(disks)
    const { freeBytes, totalBytes } = await disks.room()
    expect(freeBytes).toBeGreaterThan(0)
    expect(totalBytes).toBeGreaterThan(freeBytes)
    expect(await disks.room('platinum')).toEqual({ freeBytes: 0, totalBytes: 0 })
    await disks.create(ID, 8 * MIB, 'gold')
    const device = await disks.open(ID)
    await device.write(0, Buffer.alloc(2 * MIB, 7))
    await device.flush()
    const stored = await disks.storedBytes(ID)
    expect(stored).toBeGreaterThanOrEqual(2 * MIB)
    expect(stored).toBeLessThan(8 * MIB)
    await device.close()
  })

  test('a shadow VM beside its source has a name of its own; what is not its own is left alone', async () => {
    const { disks, target } = start()
    removedAfterwards(disks)
    await disks.create(ID, 8 * MIB, 'gold')
    await createShadow(vim, target, await shadowOf(disks, { name: 'web-1', isolated: true }))
    expect([await count('web-1'), await count('web-1 (driftless)')]).toEqual([1, 1])
    await removeShadow(vim, 'shadow-of-nothing')
    await expect(createShadow(vim, target, await shadowOf(disks, { ref: 'shadow-m-2', network: 'nowhere' }))).rejects.toThrow(/no network "nowhere".*VM Network/)
    expect(await findShadow(vim, 'shadow-m-2')).toBeNull()
  })

  test('a card is connected to a port group of a distributed switch as well', async () => {
    const { disks, target } = start({ networks: { prod: 'DC0_DVPG0' } })
    removedAfterwards(disks)
    await disks.create(ID, 8 * MIB, 'gold')
    await createShadow(vim, target, await shadowOf(disks))
    const vm = await findShadow(vim, 'shadow-m-1')
    const { properties } = await retrieveOne(vim, vm ?? vim.content.rootFolder, ['config.hardware.device'])
    expect(properties['config.hardware.device']).toContainEqual(expect.objectContaining({ $type: 'VirtualVmxnet3', macAddress: '00:50:56:01:02:03', backing: expect.objectContaining({ $type: 'VirtualEthernetCardDistributedVirtualPortBackingInfo' }) }))
  })

  describe('the agent’s VM', () => {
    /** Disks on the datastore, without anything else of a replica. */
    async function someDisks(howMany: number): Promise<{ fileName: string; uuid: string }[]> {
      const { disks } = start()
      const ids = Array.from({ length: howMany }, (_, at) => ({ migrationId: 'many', key: `disk-${at}` }))
      cleanups.push(() => disks.remove('many'))
      for (const id of ids) await disks.create(id, MIB, 'gold')
      const records: Record<string, { identity: string }> = JSON.parse(await readFile(join(folder, 'vmdks', 'many.json'), 'utf8')).disks
      return Promise.all(ids.map(async (id) => ({ fileName: await disks.nameOf(id), uuid: records[id.key]?.identity ?? '' })))
    }

    test('takes sixty disks, all asked for at once, and says what to do about the next', async () => {
      const wanted = await someDisks(61)
      const { agentVm } = start()
      const sixty = await Promise.all(wanted.slice(0, 60).map((disk) => agentVm.attach({ ...disk, sizeBytes: MIB, readOnly: false })))
      expect(new Set(sixty.map(({ path }) => path)).size).toBe(60)
      expect(await links()).toHaveLength(60)
      const last = { fileName: '', uuid: '', ...wanted[60], sizeBytes: MIB, readOnly: false }
      await expect(agentVm.attach(last)).rejects.toThrow(/"driftless-agent" has 60 disks, and a VM takes no more.*another agent/)
      await agentVm.detach(sixty[30]?.deviceKey ?? 0)
      const { deviceKey } = await agentVm.attach(last)
      expect(deviceKey).toBe(sixty[30]?.deviceKey)
      await agentVm.detach(deviceKey)
      await agentVm.detach(deviceKey)
      const next = start()
      expect(await next.agentVm.sweep(isReplicaFile)).toHaveLength(59)
      expect([await attached(), await links()]).toEqual([[], []])
    }, 120_000)

    test('a disk that is connected for reading is connected anew to be written, and a sweep leaves what is in use', async () => {
      const [one = { fileName: '', uuid: '' }, two = one] = await someDisks(2)
      const earlier = start()
      await earlier.agentVm.attach({ ...one, sizeBytes: MIB, readOnly: true })
      await earlier.agentVm.attach({ ...two, sizeBytes: MIB, readOnly: true })
      const { agentVm } = start()
      await agentVm.attach({ ...one, sizeBytes: MIB, readOnly: false })
      const modes = (await readDevices(vim, await findAgentVm(vim, AGENT_VM))).filter(isDisk).map(({ backing }) => [backing?.fileName, backing?.diskMode])
      expect(Object.fromEntries(modes)).toEqual({ [one.fileName]: 'independent_persistent', [two.fileName]: 'independent_nonpersistent' })
      expect(await agentVm.sweep((_, uuid) => uuid !== '')).toEqual([two.fileName])
      expect(await attached()).toEqual([one.fileName])
    })

    test('a disk that does not appear in this system is let go of, and it is said why that may be', async () => {
      const [one = { fileName: '', uuid: '' }] = await someDisks(1)
      const elsewhere = join(folder, 'by-id')
      await mkdir(elsewhere)
      const { agentVm } = start({ devicesDirectory: elsewhere })
      await expect(agentVm.attach({ ...one, sizeBytes: MIB, readOnly: false })).rejects.toThrow(/did not appear within 2 s\. Set disk\.EnableUUID to TRUE/)
      expect(await attached()).toEqual([])
    })

    test('that is not there, or of a name that several have, is told of', async () => {
      const [one = { fileName: '', uuid: '' }] = await someDisks(1)
      await expect(start({ agentVm: 'nobody' }).agentVm.attach({ ...one, sizeBytes: MIB, readOnly: false })).rejects.toThrow(/no VM "nobody".*instance UUID/)
      const found = await findAgentVm(vim, AGENT_VM)
      const { properties } = await retrieveOne(vim, found, ['config.instanceUuid'])
      expect(await findAgentVm(vim, String(properties['config.instanceUuid']))).toEqual(found)
    })
  })
})
