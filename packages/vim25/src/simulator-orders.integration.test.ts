import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { VCSIM_LOGIN, VCSIM_TIMEOUT_MS, startVcsim, withoutVcsim } from '../../../tests/support/vcsim.ts'
import type { RunningVcsim } from '../../../tests/support/vcsim.ts'
import { ask, connectVim, readServerCertificate, reference, retrieve, retrieveOne, waitForTask } from './index.ts'
import type { Ref, Vim, VimArguments } from './index.ts'

const MIB = 1024 * 1024
const FILTER = 'VENDOR_bootbank_driftless_1.2.0'

const storage = z.object({ committed: z.coerce.bigint() })
const events = z.array(z.looseObject({ $type: z.string(), key: z.number() })).default([])
const counters = z.array(z.looseObject({ key: z.number(), groupInfo: z.looseObject({ key: z.string() }), nameInfo: z.looseObject({ key: z.string() }), rollupType: z.string() }))
const metrics = z.array(z.looseObject({ value: z.array(z.looseObject({ id: z.object({ instance: z.string() }), value: z.array(z.bigint()) })) }))

/** What the tests of the agent have the simulator do to them, and what else of a vCenter they need. */
describe.skipIf(withoutVcsim)('the simulated vCenter, by order', () => {
  let vcsim: RunningVcsim
  let vim: Vim
  let vm: Ref
  let cluster: Ref
  beforeAll(async () => {
    vcsim = await startVcsim({
      vms: 0,
      scenario: {
        vms: [
          { name: 'web-1', power: 'on', tools: true, disks: [{ sizeMiB: 32, filledMiB: 8 }], guest: { recordsPerSecond: 50, rewriteKiBPerSecond: 1024 } },
          { name: 'odd', power: 'on', hardwareVersion: 'vmx-04', network: 'DC0_DVPG0', disks: [{ sizeMiB: 8, filledMiB: 1 }], independentDisk: true, rdm: true, sharedBus: true, multiWriter: true, pciPassthrough: true, vtpm: true, snapshot: true, consolidationNeeded: true },
          { name: 'left-over', power: 'on', disks: [{ sizeMiB: 8, filledMiB: 1 }], consolidationNeeded: true },
        ],
      },
    })
    vim = await connect()
    vm = await only('VirtualMachine', 'web-1')
    cluster = await only('ClusterComputeResource', 'DC0_C0')
  }, VCSIM_TIMEOUT_MS)
  afterAll(async () => {
    await vim.close()
    await vcsim.stop()
  })

  async function connect(): Promise<Vim> {
    const { fingerprint } = await readServerCertificate(vcsim.address)
    return connectVim({ address: vcsim.address, fingerprint, ...VCSIM_LOGIN })
  }
  async function only(type: string, name: string): Promise<Ref> {
    const found = (await retrieve(vim, { type, properties: ['name'] })).find(({ properties }) => properties.name === name)
    if (found === undefined) throw new Error(`There is no ${type} ${name}.`)
    return found.ref
  }
  const run = async (ref: Ref, method: string, args: VimArguments) => waitForTask(vim, await ask(vim, ref, method, args, reference))
  const property = async (ref: Ref, path: string) => (await retrieveOne(vim, ref, [path])).properties[path]
  const manager = (name: 'eventManager' | 'perfManager' | 'ioFilterManager' | 'extensionManager') => reference.parse(vim.content[name])

  test('what the files of a VM take is what is allocated of them', async () => {
    const { committed } = storage.parse(await property(vm, 'summary.storage'))
    expect(committed).toBeGreaterThanOrEqual(BigInt(5 * MIB))
    expect(committed).toBeLessThan(BigInt(16 * MIB))
  })

  test('calls fail as they are told to, with a fault of any name, and then no more', async () => {
    await vcsim.control({ do: 'failNext', method: 'CreateSnapshot_Task', fault: 'SomethingNew', message: 'a <b>', times: 1 })
    const freeze = () => run(vm, 'CreateSnapshot_Task', { name: 'driftless', memory: false, quiesce: false })
    await expect(freeze()).rejects.toMatchObject({ fault: 'SomethingNew', message: expect.stringContaining('a <b>') })
    await run(reference.parse(await freeze()), 'RemoveSnapshot_Task', { removeChildren: false })
    await vcsim.control({ do: 'failNext', method: 'CurrentTime', fault: 'NotSupported', message: 'never', times: 1 })
    const time = () => vim.call({ type: 'ServiceInstance', value: 'ServiceInstance' }, 'CurrentTime')
    await expect(time()).rejects.toMatchObject({ fault: 'NotSupported' })
    expect(await time()).toBeInstanceOf(Date)
  })

  test('a VM is moved to another host, and an event tells of it once', async () => {
    const before = await property(vm, 'runtime.host')
    const filter = { eventTypeId: ['VmMigratedEvent'], entity: { entity: vm, recursion: 'self' } }
    const collector = await ask(vim, manager('eventManager'), 'CreateCollectorForEvents', { filter }, reference)
    const next = () => ask(vim, collector, 'ReadNextEvents', { maxCount: 10 }, events)
    expect(await next()).toEqual([])
    await vcsim.control({ do: 'migrate', vm: 'web-1' })
    expect(await property(vm, 'runtime.host')).not.toEqual(before)
    expect(await next()).toMatchObject([{ $type: 'VmMigratedEvent' }])
    await vcsim.control({ do: 'migrate', vm: 'web-1' })
    expect(await next()).toHaveLength(1)
    expect(await ask(vim, manager('eventManager'), 'QueryEvents', { filter }, events)).toHaveLength(2)
  })

  test('the removal of a snapshot takes its time, in which the VM can have no other', async () => {
    const freeze = () => run(vm, 'CreateSnapshot_Task', { name: 'driftless', memory: false, quiesce: false })
    const snapshot = reference.parse(await freeze())
    await vcsim.control({ do: 'slowRemoval', ms: 400 })
    const startedAtMs = Date.now()
    const removed = run(snapshot, 'RemoveSnapshot_Task', { removeChildren: false })
    await sleep(100)
    await expect(freeze()).rejects.toMatchObject({ fault: 'TaskInProgress' })
    await removed
    expect(Date.now() - startedAtMs).toBeGreaterThanOrEqual(400)
    await vcsim.control({ do: 'slowRemoval', ms: 0 })
  })

  test('what is left over of a snapshot is shown, and consolidated', async () => {
    const leftOver = await only('VirtualMachine', 'left-over')
    expect(await property(leftOver, 'runtime.consolidationNeeded')).toBe(true)
    await run(leftOver, 'ConsolidateVMDisks_Task', {})
    expect(await property(leftOver, 'runtime.consolidationNeeded')).toBe(false)
    const kinds = z.array(z.looseObject({ $type: z.string() })).parse(await property(await only('VirtualMachine', 'odd'), 'config.hardware.device')).map(({ $type }) => $type)
    expect(kinds).toEqual(expect.arrayContaining(['VirtualTPM', 'VirtualPCIPassthrough', 'VirtualDisk']))
  })

  test('an IO filter is installed, attached by a storage policy, and kept while a disk uses it', async () => {
    await run(manager('ioFilterManager'), 'InstallIoFilter_Task', { vibUrl: 'https://agent.test/driftless-1.2.0.zip', compRes: cluster })
    expect(await vim.call(manager('ioFilterManager'), 'QueryIoFilterInfo', { compRes: cluster })).toMatchObject([{ id: FILTER, version: '1.2.0' }])
    const policy = (vmProfile: VimArguments) => run(vm, 'ReconfigVM_Task', { spec: { vmProfile: [vmProfile] } })
    await policy({ $type: 'VirtualMachineDefinedProfileSpec', profileId: `iofilter:${FILTER}` })
    await expect(run(manager('ioFilterManager'), 'UninstallIoFilter_Task', { filterId: FILTER, compRes: cluster })).rejects.toMatchObject({ fault: 'FilterInUse' })
    await policy({ $type: 'VirtualMachineEmptyProfileSpec' })
    await run(manager('ioFilterManager'), 'UninstallIoFilter_Task', { filterId: FILTER, compRes: cluster })
  })

  test('an extension is registered, found, and unregistered', async () => {
    const find = () => vim.call(manager('extensionManager'), 'FindExtension', { extensionKey: 'test.driftless' })
    expect(await find()).toBeUndefined()
    const extension = { key: 'test.driftless', version: '1.0.0', description: { label: 'Driftless', summary: 'Moves VMs' }, lastHeartbeatTime: new Date() }
    await vim.call(manager('extensionManager'), 'RegisterExtension', { extension })
    expect(await find()).toMatchObject({ version: '1.0.0' })
    await vim.call(manager('extensionManager'), 'UnregisterExtension', { extensionKey: 'test.driftless' })
    expect(await find()).toBeUndefined()
  })

  test('counters tell what a guest really wrote', async () => {
    const writeRate = counters.parse(await property(manager('perfManager'), 'perfCounter')).find(({ groupInfo, nameInfo, rollupType }) => groupInfo.key === 'virtualDisk' && nameInfo.key === 'write' && rollupType === 'average')
    const querySpec = [{ entity: vm, maxSample: 1, intervalId: 20, metricId: [{ counterId: writeRate?.key ?? 0, instance: '*' }] }]
    await expect.poll(async () => Number((await ask(vim, manager('perfManager'), 'QueryPerf', { querySpec }, metrics))[0]?.value.find(({ id }) => id.instance === 'scsi0:0')?.value[0])).toBeGreaterThan(20)
  })

  test('a restart ends every session and leaves VMs and guests alone; another certificate is another server', async () => {
    const { acknowledgedSequence } = await vcsim.guest('web-1')
    await vcsim.control({ do: 'restart', downMs: 500 })
    await expect(retrieveOne(vim, vm, ['name'])).rejects.toMatchObject({ code: 'UNREACHABLE' })
    await sleep(600)
    expect(await only('VirtualMachine', 'web-1')).toEqual(vm)
    expect((await vcsim.guest('web-1')).acknowledgedSequence).toBeGreaterThan(acknowledgedSequence)
    expect((await vcsim.control({ do: 'sessions' })).count).toBe(1)
    await vcsim.control({ do: 'rotateCertificate' })
    await expect(retrieveOne(vim, vm, ['name'])).rejects.toMatchObject({ code: 'WRONG_CERTIFICATE' })
  })
})
