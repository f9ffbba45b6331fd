import type { CapabilityName } from '@driftless/agent-api'
import { openFileDevice } from '@driftless/nbd'
import { labWorkload } from '@driftless/lab-api'
import type { LabVm } from '@driftless/lab-api'
import { servedTap } from '../../tap/served-tap.ts'
import type { Hypervisor, HypervisorVm, ShadowVm } from '../hypervisor.ts'
import { workingHypervisor } from '../working-hypervisor.ts'
import { LabError, labClient } from './lab-client.ts'

const CAPABILITIES: readonly CapabilityName[] = ['INVENTORY', 'LIVE_TAP', 'SHADOW_VM', 'ORDERLY_SHUTDOWN', 'TEST_BOOT', 'WAY_BACK']

/** Adapter for the lab host (`apps/lab`) behind the unix socket. */
export function labHypervisor(socketPath: string): Hypervisor {
  const lab = labClient(socketPath)
  const workloads = new Map<string, Record<string, unknown>>()

  async function asVm(vm: LabVm): Promise<HypervisorVm> {
    let workload = workloads.get(vm.ref)
    if (workload === undefined) {
      workload = { ...(await lab.describeVm(vm.ref)).workload }
      workloads.set(vm.ref, workload)
    }
    return {
      ref: vm.ref,
      name: vm.name,
      guestOs: vm.guestOs,
      cpus: vm.cpus,
      memoryBytes: vm.memoryBytes,
      network: vm.network,
      guest: {
        power: vm.power,
        health: vm.health,
        healthDetail: vm.healthDetail,
        acknowledgedSequence: vm.acknowledgedSequence,
        sequenceAtBoot: vm.sequenceAtBoot,
        firstWriteAtMs: vm.firstWriteAtMs,
        lastWriteAtMs: vm.lastWriteAtMs,
      },
      disks: vm.disks.map((disk) => ({
        key: disk.key,
        sizeBytes: disk.sizeBytes,
        usedBytes: disk.usedBytes,
        attach: (options) => servedTap({ key: disk.key, usedBytes: disk.usedBytes, socketPath: disk.socket, open: () => openFileDevice(disk.path) }, options),
      })),
      shadowNeeds: { lab: workload },
    }
  }

  async function createShadow(shadow: ShadowVm): Promise<void> {
    const workload = labWorkload.safeParse(shadow.shadowNeeds['lab'])
    if (!workload.success) throw new LabError('NO_WORKLOAD', `The source did not say what the guest of "${shadow.name}" runs, so its shadow VM cannot be made. Check that both sites use the lab hypervisor.`)
    await lab.createVm({
      ref: shadow.ref,
      name: shadow.name,
      guestOs: shadow.guestOs,
      cpus: shadow.cpus,
      memoryBytes: shadow.memoryBytes,
      network: shadow.network,
      ...(shadow.isolated ? { isolated: true } : {}),
      workload: workload.data,
      acknowledgedSequence: shadow.acknowledgedSequence,
      disks: shadow.disks.map(({ key, sizeBytes, path, socketPath: socket }) => ({ key, sizeBytes, path, socket })),
    })
  }

  return {
    describe: () => Promise.resolve(workingHypervisor('LAB', 'Driftless lab', CAPABILITIES)),
    capabilities: { tap: 'ALWAYS' },
    listVms: async () => Promise.all((await lab.listVms()).vms.map(asVm)),
    findVm: async (ref) => {
      const found = (await lab.listVms()).vms.find((vm) => vm.ref === ref)
      return found === undefined ? null : asVm(found)
    },
    powerOn: async (ref) => void (await lab.powerOn(ref)),
    shutdown: async (ref) => void (await lab.shutdown(ref)),
    powerOff: async (ref) => void (await lab.powerOff(ref)),
    createShadow,
    removeVm: async (ref) => {
      await lab.removeVm(ref)
      workloads.delete(ref)
    },
  }
}
