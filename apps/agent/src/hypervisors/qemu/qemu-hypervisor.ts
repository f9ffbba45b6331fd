import type { CapabilityName, GuestState } from '@driftless/agent-api'
import type { Hypervisor, HypervisorVm, ShadowVm } from '../hypervisor.ts'
import { workingHypervisor } from '../working-hypervisor.ts'
import { attachTap } from './attach-tap.ts'
import type { TapChoice } from './attach-tap.ts'
import { diskSize } from './disk-size.ts'
import { QemuHost } from './qemu-host.ts'
import type { QemuVm } from './qemu-vm.ts'
import { diskNames, qemuShape, vmRecord } from './vm-record.ts'

export interface QemuOptions {
  /** The host: a folder a VM, each with its `vm.json`. */
  readonly directory: string
  /** QEMU's program. */
  readonly program: string
  /** How disks are tapped. */
  readonly tap: TapChoice
}

/** What a VM without a network card is said to be on. */
const NO_NETWORK = 'none'

export interface QemuHypervisor extends Hypervisor {
  /** Stops the VM's processors, and lets them go on. */
  pause(ref: string): Promise<void>
  resume(ref: string): Promise<void>
  /** What the guest's console said since it was last asked for, the last 64 KiB. */
  console(ref: string): Promise<string>
  /** Lets go of every QEMU; the VMs run on. */
  close(): void
}

const CAPABILITIES: readonly CapabilityName[] = ['INVENTORY', 'LIVE_TAP', 'SHADOW_VM', 'ORDERLY_SHUTDOWN', 'TEST_BOOT', 'WAY_BACK']

/** Adapter for QEMU. VMs are processes of their own that outlive the agent; their inventory is a directory. */
export function qemuHypervisor({ directory, program, tap }: QemuOptions): QemuHypervisor {
  const host = new QemuHost(directory, program)

  async function asVm(vm: QemuVm, guest: GuestState): Promise<HypervisorVm> {
    const { ref, name, guestOs, cpus, memoryBytes, nics, disks, ...rest } = vm.record
    return {
      ref, name, guestOs, cpus, memoryBytes,
      network: nics[0]?.network ?? NO_NETWORK,
      guest,
      disks: await Promise.all(disks.map(async (disk) => {
        const size = await diskSize(disk)
        return { key: disk.key, ...size, attach: (options) => attachTap(vm, { ...disk, ...size }, tap, options) }
      })),
      shadowNeeds: { qemu: qemuShape.parse({ ...rest, nics }) },
    }
  }

  /** A QEMU that runs and does not answer must not hide the host's other VMs; who needs to know its power asks for it alone. */
  const observed = (vm: QemuVm): Promise<GuestState> => vm.observe().catch((error: unknown) => ({
    power: 'ON', health: 'UNKNOWN', healthDetail: (error instanceof Error ? error.message : String(error)).slice(0, 500),
    acknowledgedSequence: 0, sequenceAtBoot: null, firstWriteAtMs: null, lastWriteAtMs: null,
  }))

  async function createShadow(shadow: ShadowVm): Promise<void> {
    const shape = qemuShape.safeParse(shadow.shadowNeeds['qemu'])
    if (!shape.success) throw new Error(`The source did not say how the VM "${shadow.name}" is built, so its shadow VM cannot be made. Check that both sites use QEMU.`)
    const { networks } = await host.settings()
    const network = shadow.isolated === true ? null : shadow.network
    if (shape.data.nics.length > 0 && network !== null && networks[network] === undefined) {
      throw new Error(`This host does not know the network "${shadow.network}" of the VM "${shadow.name}". Name it in host.json of its directory.`)
    }
    await host.register(vmRecord.parse({
      ...shape.data,
      ref: shadow.ref,
      name: shadow.name,
      guestOs: shadow.guestOs,
      cpus: shadow.cpus,
      memoryBytes: shadow.memoryBytes,
      nics: shape.data.nics.map((nic) => ({ ...nic, network })),
      acknowledgedSequence: shadow.acknowledgedSequence,
      disks: shadow.disks.map(({ key, sizeBytes, socketPath }) => ({ key, ...diskNames(key), location: { kind: 'NBD', socketPath, exportName: key, sizeBytes } })),
    }))
  }

  return {
    describe: () => Promise.resolve(workingHypervisor('QEMU', `QEMU (${program})`, CAPABILITIES)),
    capabilities: { tap: 'ON_DEMAND' },
    listVms: async () => Promise.all((await host.list()).map(async (vm) => asVm(vm, await observed(vm)))),
    findVm: async (ref) => {
      const vm = await host.find(ref)
      return vm === null ? null : asVm(vm, await vm.observe())
    },
    powerOn: async (ref) => (await host.get(ref)).powerOn(await host.settings()),
    shutdown: async (ref) => (await host.get(ref)).shutdown(),
    powerOff: async (ref) => (await host.get(ref)).powerOff(),
    pause: async (ref) => (await host.get(ref)).pause(),
    resume: async (ref) => (await host.get(ref)).resume(),
    console: async (ref) => (await host.get(ref)).console(),
    close: () => host.close(),
    createShadow,
    removeVm: (ref) => host.remove(ref),
  }
}
