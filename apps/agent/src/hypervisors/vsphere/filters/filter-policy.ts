/**
 * A filter comes to a VM with a storage policy, on its home and on every disk, and leaves with it; there is no other way. A VM cannot
 * change its policies while it has snapshots, which changed block tracking makes all the time: it is followed by one or the other.
 */
import { z } from 'zod'
import { retrieveOne } from '@driftless/vim25'
import type { Ref, Vim, VimInput } from '@driftless/vim25'
import type { Problem } from '@driftless/agent-api'
import { runTask } from '../connection/run-task.ts'
import { FilterRefusal } from './io-filters.ts'

const REPLICATION = 'replication'

const fileBacking = z.object({ $type: z.enum(['VirtualDiskFlatVer2BackingInfo', 'VirtualDiskSeSparseBackingInfo']), fileName: z.string(), diskMode: z.string() })
const disk = z.object({
  $type: z.literal('VirtualDisk'), key: z.number(), controllerKey: z.number(), unitNumber: z.number(), capacityInKB: z.bigint(),
  deviceInfo: z.object({ label: z.string() }).optional(), backing: z.union([fileBacking, z.object({ $type: z.string() })]), iofilter: z.array(z.string()).default([]),
})
type Disk = z.infer<typeof disk>

const devices = z.array(z.looseObject({ $type: z.string() }))

/** A VM as far as its policies are concerned. */
export interface PolicyFacts {
  readonly name: string
  readonly snapshots: boolean
  readonly changeTracking: boolean
  readonly disks: readonly Disk[]
}

/** What keeps a filter from being put on (`attach`) or taken off a VM. `classOf`: what a filter does, by its id. */
export function checkPolicyChange({ name, snapshots, changeTracking, disks }: PolicyFacts, change: 'attach' | 'detach', classOf: (filterId: string) => string | null): Problem[] {
  const problems: Problem[] = []
  if (snapshots) problems.push({ code: 'HAS_SNAPSHOTS', message: `${name} has snapshots, and vSphere changes no storage policy while it does. Remove them, or wait until who made them has.` })
  const foreign = disks.filter(({ backing }) => !fileBacking.safeParse(backing).success)
  if (foreign.length > 0) problems.push({ code: 'NOT_A_FILE', message: `${foreign.map(labelOf).join(' and ')} of ${name} ${foreign.length === 1 ? 'is' : 'are'} no virtual disk in a datastore (a raw device, as a rule), and takes no filter.` })
  if (disks.length === 0) problems.push({ code: 'NO_DISKS', message: `${name} has no disks.` })
  if (change === 'detach') return problems
  if (changeTracking) problems.push({ code: 'CHANGE_TRACKING', message: `Changed block tracking is on for ${name}, and it works by snapshots, which a filter does not live with. Turn it off: end the VM’s migration, or clear ctkEnabled in its settings.` })
  for (const one of disks) {
    const same = one.iofilter.filter((id) => classOf(id) === REPLICATION)
    if (same.length > 0) problems.push({ code: 'SAME_CLASS', message: `${labelOf(one)} of ${name} has the filter ${same.join(', ')} already, and a disk takes one of a class. Detach that first.` })
  }
  return problems
}

/** Puts the filter that a storage policy brings on a VM's home and all its disks. Rejects with `FilterRefusal`, nothing changed then, or with `VimError`. */
export const attachByPolicy = (vim: Vim, vm: Ref, profileId: string, classOf: (filterId: string) => string | null, signal?: AbortSignal): Promise<void> =>
  changePolicy(vim, vm, 'attach', { $type: 'VirtualMachineDefinedProfileSpec', profileId }, classOf, signal)

/** Takes every storage policy off a VM, and with it the filters. Rejects as `attachByPolicy` does. */
export const detachPolicy = (vim: Vim, vm: Ref, signal?: AbortSignal): Promise<void> => changePolicy(vim, vm, 'detach', { $type: 'VirtualMachineEmptyProfileSpec' }, () => null, signal)

async function changePolicy(vim: Vim, vm: Ref, change: 'attach' | 'detach', profile: VimInput, classOf: (filterId: string) => string | null, signal: AbortSignal | undefined): Promise<void> {
  const facts = await readPolicyFacts(vim, vm, signal)
  const problems = checkPolicyChange(facts, change, classOf)
  if (problems.length > 0) throw new FilterRefusal(problems)
  const spec = { vmProfile: [profile], deviceChange: facts.disks.map((one) => ({ operation: 'edit', device: sameDisk(one), profile: [profile] })) }
  await runTask(vim, vm, 'ReconfigVM_Task', { spec }, signal)
}

async function readPolicyFacts(vim: Vim, vm: Ref, signal: AbortSignal | undefined): Promise<PolicyFacts> {
  const { properties } = await retrieveOne(vim, vm, ['name', 'snapshot', 'config.changeTrackingEnabled', 'config.hardware.device'], signal)
  return {
    name: z.string().parse(properties.name),
    snapshots: properties.snapshot !== undefined,
    changeTracking: properties['config.changeTrackingEnabled'] === true,
    disks: devices.parse(properties['config.hardware.device']).filter(({ $type }) => $type === 'VirtualDisk').map((one) => disk.parse(one)),
  }
}

/** The disk as it is, so that an edit changes its policy alone. */
const sameDisk = ({ $type, key, controllerKey, unitNumber, capacityInKB, backing }: Disk): VimInput => ({ $type, key, controllerKey, unitNumber, capacityInKB, backing })

const labelOf = ({ deviceInfo, key }: Disk): string => deviceInfo?.label ?? `disk ${key}`
