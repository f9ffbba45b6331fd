/** What stands in the way of migrating a VM, and what a migration will ask of it. Pure: facts in, words out. */
import type { Problem } from '@driftless/agent-api'
import { isOurs } from '../rounds/our-snapshot.ts'
import type { DiskFacts, VmFacts } from './vm-facts.ts'

/** Changed block tracking came with it. Source: VMware KB 1020128. */
const LEAST_HARDWARE_VERSION = 7

/** A device that is part of one host, or holds a secret of the VM that no copy of its disks has. */
const DEVICES: Readonly<Record<string, { code: string; message: (vm: string) => string }>> = {
  VirtualPCIPassthrough: { code: 'PASSTHROUGH_DEVICE', message: (vm) => `${vm} has a PCI device of its host passed through to it. Remove the device from the VM, or move its workload some other way.` },
  VirtualSriovEthernetCard: { code: 'PASSTHROUGH_DEVICE', message: (vm) => `${vm} has a network card by SR-IOV, which ties it to its host. Replace it by a VMXNET3 card.` },
  VirtualSCSIPassthrough: { code: 'PASSTHROUGH_DEVICE', message: (vm) => `${vm} has a SCSI device of its host passed through to it. Remove the device from the VM.` },
  VirtualTPM: { code: 'VTPM', message: (vm) => `${vm} has a virtual TPM, whose keys are not on its disks and would be lost. Suspend what depends on it (such as BitLocker) and remove the TPM, or leave the VM where it is.` },
  VirtualNVDIMM: { code: 'PERSISTENT_MEMORY', message: (vm) => `${vm} has persistent memory, which changed block tracking does not see. Move its content to a virtual disk and remove the device.` },
}

const RAW_MAPPINGS: readonly string[] = ['VirtualDiskRawDiskMappingVer1BackingInfo', 'VirtualDiskRawDiskVer2BackingInfo', 'VirtualDiskPartitionedRawDiskVer2BackingInfo']

/** Empty: nothing stands in the way. */
export function blockersOf(vm: VmFacts): Problem[] {
  const found: Problem[] = []
  const say = (code: string, message: string) => found.push({ code, message: message.slice(0, 500) })
  if (vm.template) say('TEMPLATE', `${vm.name} is a template and never runs. Convert it to a virtual machine first.`)
  if (!vm.connected) say('VM_UNREACHABLE', `The host of ${vm.name} does not answer to vCenter. Reconnect the host, then look again.`)
  if (vm.power === 'SUSPENDED') say('SUSPENDED', `${vm.name} is suspended: what is in its memory would be lost. Resume it, or shut it down.`)
  if (vm.disks.length === 0) say('NO_DISKS', `${vm.name} has no virtual disk, so there is nothing to migrate.`)
  if (vm.hardwareVersion > 0 && vm.hardwareVersion < LEAST_HARDWARE_VERSION) say('HARDWARE_VERSION', `${vm.name} has hardware version ${vm.hardwareVersion}, and changed block tracking needs ${LEAST_HARDWARE_VERSION} or later. Upgrade its hardware while it is off.`)
  for (const { $type } of vm.devices) {
    const device = DEVICES[$type]
    if (device !== undefined) say(device.code, device.message(vm.name))
  }
  for (const disk of vm.disks) for (const problem of diskBlockers(vm, disk)) found.push(problem)
  const foreign = vm.snapshots.filter((snapshot) => !isOurs(snapshot))
  if (foreign.length > 0) say('SNAPSHOTS_PRESENT', `${vm.name} has ${foreign.length === 1 ? 'a snapshot' : `${foreign.length} snapshots`} ("${foreign[0]?.name ?? ''}"), and with one changed block tracking cannot be begun nor the base disk be read. Delete ${foreign.length === 1 ? 'it' : 'them'}, or wait for the backup that made ${foreign.length === 1 ? 'it' : 'them'}.`)
  if (vm.consolidationNeeded) say('CONSOLIDATION_NEEDED', `Disks of ${vm.name} need consolidation: a snapshot was removed and its data was not merged. Run "Consolidate" on it in vCenter.`)
  return found
}

function diskBlockers({ name }: VmFacts, disk: DiskFacts): Problem[] {
  const found: Problem[] = []
  const say = (code: string, message: string) => found.push({ code, message: message.slice(0, 500) })
  const which = `${disk.label} of ${name}`
  if (disk.diskMode.startsWith('independent')) say('INDEPENDENT_DISK', `${which} is independent, so that no snapshot has it. Change its mode to "dependent" while the VM is off.`)
  if (RAW_MAPPINGS.includes(disk.backingType)) say('RAW_DEVICE', `${which} is a raw device mapping. Convert it to a virtual disk (Storage vMotion of a virtual-mode mapping does), or move its content some other way.`)
  if (disk.shared) say('SHARED_DISK', `${which} is shared with other VMs (multi-writer, or a bus that is shared), and what they write would go unseen. Take it out of the cluster, or migrate its content some other way.`)
  return found
}

/** Empty: it is ready as it is. */
export function remarksOf(vm: VmFacts): Problem[] {
  const found: Problem[] = []
  if (!vm.tracking) {
    found.push({
      code: 'ENABLES_TRACKING',
      message: vm.power === 'ON'
        ? `Changed block tracking is off for ${vm.name}. It is switched on when its replication begins and takes effect with a first snapshot, for which the VM stands still for a moment (usually under a second).`
        : `Changed block tracking is off for ${vm.name}. It is switched on when its replication begins and takes effect when the VM is next powered on.`,
    })
  }
  if (vm.power === 'ON' && !vm.toolsRunning) found.push({ code: 'NO_GUEST_TOOLS', message: `VMware Tools do not run in ${vm.name}, so it cannot be shut down in order at its cutover, and it is never powered off instead. Start or install them, or shut the guest down yourself then.` })
  return found
}
