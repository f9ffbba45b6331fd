import { describe, expect, test } from 'vitest'
import { blockersOf, remarksOf } from './obstacles.ts'
import { OUR_SNAPSHOT } from '../rounds/our-snapshot.ts'
import type { DiskFacts, VmFacts } from './vm-facts.ts'

const disk: DiskFacts = {
  deviceKey: 2000, label: 'Hard disk 1', sizeBytes: 1024 ** 3, backingType: 'VirtualDiskFlatVer2BackingInfo', fileName: '[ds] web/web.vmdk', uuid: '6000C29', diskMode: 'persistent',
  shared: false, controllerType: 'ParaVirtualSCSIController', busNumber: 0, unitNumber: 0, changeId: null,
}
const vm: VmFacts = {
  moref: { type: 'VirtualMachine', value: 'vm-1' }, instanceUuid: 'u', name: 'web', template: false, hardwareVersion: 19, guestOs: 'Debian', cpus: 2, memoryBytes: 1024 ** 3, power: 'ON', connected: true,
  host: null, tracking: true, consolidationNeeded: false, toolsRunning: true, toolsInstalled: true, heartbeat: 'green', committedBytes: 1, disks: [disk], devices: [], snapshots: [], datastores: [], networks: [],
  properties: {},
}
const device = ($type: string) => ({ $type, key: 1 })
const snapshot = (name: string) => ({ ref: { type: 'VirtualMachineSnapshot', value: 's' }, name, description: '', createdAt: new Date(0) })

describe('what stands in the way of a migration', () => {
  test.each<[string, Partial<VmFacts>, string[]]>([
    ['nothing', {}, []],
    ['a template', { template: true }, ['TEMPLATE']],
    ['a host that does not answer', { connected: false }, ['VM_UNREACHABLE']],
    ['suspended', { power: 'SUSPENDED' }, ['SUSPENDED']],
    ['no disk', { disks: [] }, ['NO_DISKS']],
    ['hardware of 2004', { hardwareVersion: 4 }, ['HARDWARE_VERSION']],
    ['hardware that is just new enough', { hardwareVersion: 7 }, []],
    ['a device passed through', { devices: [device('VirtualPCIPassthrough')] }, ['PASSTHROUGH_DEVICE']],
    ['a network card by SR-IOV', { devices: [device('VirtualSriovEthernetCard')] }, ['PASSTHROUGH_DEVICE']],
    ['a virtual TPM', { devices: [device('VirtualTPM')] }, ['VTPM']],
    ['persistent memory', { devices: [device('VirtualNVDIMM')] }, ['PERSISTENT_MEMORY']],
    ['an independent disk', { disks: [{ ...disk, diskMode: 'independent_persistent' }] }, ['INDEPENDENT_DISK']],
    ['a raw device mapping', { disks: [{ ...disk, backingType: 'VirtualDiskRawDiskMappingVer1BackingInfo' }] }, ['RAW_DEVICE']],
    ['a disk that others write to', { disks: [disk, { ...disk, shared: true }] }, ['SHARED_DISK']],
    ['a snapshot of somebody else', { snapshots: [snapshot('before patching')] }, ['SNAPSHOTS_PRESENT']],
    ['a snapshot of ours', { snapshots: [snapshot(OUR_SNAPSHOT)] }, []],
    ['consolidation needed', { consolidationNeeded: true }, ['CONSOLIDATION_NEEDED']],
    ['several at once', { template: true, disks: [{ ...disk, diskMode: 'independent_nonpersistent', shared: true }] }, ['TEMPLATE', 'INDEPENDENT_DISK', 'SHARED_DISK']],
  ])('%s', (_, change, codes) => {
    const found = blockersOf({ ...vm, ...change })
    expect(found.map(({ code }) => code)).toEqual(codes)
    for (const { message } of found) expect(message).toContain('web')
  })

  test.each<[string, Partial<VmFacts>, string[]]>([
    ['nothing', {}, []],
    ['tracking is off, and the VM runs', { tracking: false }, ['ENABLES_TRACKING']],
    ['tracking is off, and so is the VM', { tracking: false, power: 'OFF' }, ['ENABLES_TRACKING']],
    ['no tools', { toolsRunning: false }, ['NO_GUEST_TOOLS']],
  ])('what is remarked: %s', (_, change, codes) => {
    expect(remarksOf({ ...vm, ...change }).map(({ code }) => code)).toEqual(codes)
  })

  test('a VM that runs stands still for a moment, one that is off does not', () => {
    expect(remarksOf({ ...vm, tracking: false })[0]?.message).toMatch(/stands still/)
    expect(remarksOf({ ...vm, tracking: false, power: 'OFF' })[0]?.message).toMatch(/next powered on/)
  })
})
