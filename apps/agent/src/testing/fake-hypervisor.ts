import { openFileDevice } from '@driftless/nbd'
import type { BlockDevice } from '@driftless/nbd'
import type { GuestState } from '@driftless/agent-api'
import { servedTap } from '../tap/served-tap.ts'
import { workingHypervisor } from '../hypervisors/working-hypervisor.ts'
import type { Hypervisor, HypervisorVm, ShadowVm } from '../hypervisors/hypervisor.ts'

export interface FakeVm {
  ref: string
  path: string
  socketPath: string
  sizeBytes: number
  power: GuestState['power']
  health: GuestState['health']
  /** The guest goes off when asked; false: it ignores the request. */
  obeys: boolean
}

/** For tests: a hypervisor of VMs that do nothing by themselves; `calls` tells what was asked of it. */
export function fakeHypervisor(vms: FakeVm[], open: (path: string) => Promise<BlockDevice> = openFileDevice): Hypervisor & { vms: FakeVm[]; calls: string[] } {
  const calls: string[] = []
  const get = (ref: string): FakeVm => {
    const vm = vms.find((candidate) => candidate.ref === ref)
    if (vm === undefined) throw new Error(`There is no VM "${ref}".`)
    return vm
  }
  const view = (vm: FakeVm): HypervisorVm => ({
    ref: vm.ref, name: vm.ref, guestOs: 'none', cpus: 1, memoryBytes: 1024, network: 'n', shadowNeeds: {},
    guest: { power: vm.power, health: vm.health, healthDetail: vm.health === 'BROKEN' ? 'records are missing' : null, acknowledgedSequence: 7, sequenceAtBoot: null, firstWriteAtMs: null, lastWriteAtMs: null },
    disks: [{ key: 'disk-0', sizeBytes: vm.sizeBytes, usedBytes: vm.sizeBytes, attach: (options) => servedTap({ key: 'disk-0', usedBytes: vm.sizeBytes, socketPath: vm.socketPath, open: () => open(vm.path) }, options) }],
  })
  const change = (call: string, act: () => void): Promise<void> => {
    calls.push(call)
    act()
    return Promise.resolve()
  }
  return {
    vms,
    calls,
    describe: () => Promise.resolve(workingHypervisor('LAB', 'a fake', [])),
    capabilities: { tap: 'ALWAYS' },
    listVms: async () => vms.map(view),
    findVm: async (ref) => vms.filter((vm) => vm.ref === ref).map(view)[0] ?? null,
    powerOn: (ref) => change(`power-on ${ref}`, () => (get(ref).power = 'ON')),
    shutdown: (ref) => change(`shutdown ${ref}`, () => (get(ref).power = get(ref).obeys ? 'OFF' : 'STOPPING')),
    powerOff: (ref) => change(`power-off ${ref}`, () => (get(ref).power = 'OFF')),
    createShadow: ({ ref, disks: [disk], acknowledgedSequence }: ShadowVm) =>
      change(`create ${ref} ${acknowledgedSequence}`, () => {
        if (disk === undefined) throw new Error('A shadow VM without a disk.')
        vms.push({ ref, path: disk.path, socketPath: disk.socketPath, sizeBytes: disk.sizeBytes, power: 'OFF', health: 'HEALTHY', obeys: true })
      }),
    removeVm: (ref) => change(`remove ${ref}`, () => void vms.splice(vms.indexOf(get(ref)), 1)),
  }
}
