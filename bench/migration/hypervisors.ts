/** Hypervisors as the agents see them, with one VM: the guest's process, switched on and off by whoever measures. */
import type { GuestState } from '@driftless/agent-api'
import type { Hypervisor, HypervisorDisk, HypervisorVm, ShadowVm } from '../../apps/agent/src/hypervisors/hypervisor.ts'
import { workingHypervisor } from '../../apps/agent/src/hypervisors/working-hypervisor.ts'
import { VM_REF } from './methods.ts'

const guestState = (power: GuestState['power']): GuestState => ({ power, health: 'HEALTHY', healthDetail: null, acknowledgedSequence: 0, sequenceAtBoot: null, firstWriteAtMs: null, lastWriteAtMs: null })

const view = (ref: string, guest: GuestState, disks: readonly HypervisorDisk[]): HypervisorVm => ({ ref, name: ref, guestOs: 'none', cpus: 1, memoryBytes: 1024, network: 'n', guest, disks, shadowNeeds: {} })

const describe: Hypervisor['describe'] = () => Promise.resolve(workingHypervisor('LAB', 'a guest that is measured', []))

const unused = (): Promise<never> => Promise.reject(new Error('No measurement asks for this.'))

/** The source's. `guestOff` shuts the guest down and resolves when it is off. */
export function sourceHypervisor(disk: HypervisorDisk, guestOff: () => Promise<unknown>): Hypervisor {
  let power: GuestState['power'] = 'ON'
  const vm = () => view(VM_REF, guestState(power), [disk])
  return {
    describe, capabilities: { tap: 'ALWAYS' },
    listVms: () => Promise.resolve([vm()]),
    findVm: (ref) => Promise.resolve(ref === VM_REF ? vm() : null),
    shutdown: () => {
      power = 'STOPPING'
      void guestOff().then(() => (power = 'OFF'))
      return Promise.resolve()
    },
    powerOn: unused, powerOff: unused, createShadow: unused, removeVm: unused,
  }
}

/** The target's. `guestOn` starts the guest on the disk served at the socket and resolves when it runs. */
export function targetHypervisor(guestOn: (place: { socketPath: string; exportName: string }) => Promise<unknown>): Hypervisor {
  let shadow: ShadowVm | null = null
  let power: GuestState['power'] = 'OFF'
  const found = () => (shadow === null ? null : view(shadow.ref, guestState(power), []))
  return {
    describe, capabilities: { tap: 'ALWAYS' },
    listVms: () => Promise.resolve([found()].filter((vm) => vm !== null)),
    findVm: (ref) => Promise.resolve(shadow?.ref === ref ? found() : null),
    createShadow: (wanted) => {
      shadow = wanted
      return Promise.resolve()
    },
    powerOn: async () => {
      const disk = shadow?.disks[0]
      if (disk === undefined) throw new Error('A shadow VM without a disk.')
      await guestOn({ socketPath: disk.socketPath, exportName: disk.key })
      power = 'ON'
    },
    powerOff: () => {
      power = 'OFF'
      return Promise.resolve()
    },
    removeVm: () => {
      shadow = null
      return Promise.resolve()
    },
    shutdown: unused,
  }
}
