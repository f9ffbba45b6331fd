import { createHash } from 'node:crypto'
import { ask, isGone, reference, retrieve, retrieveOne } from '@driftless/vim25'
import type { Ref, Vim } from '@driftless/vim25'
import type { ShadowVm } from '../../hypervisor.ts'
import { isDisk, readDevices, withoutDisks } from '../hot-add/devices.ts'
import { extraOption } from '../inventory/guest-report.ts'
import { findAgentVm, findDatacenter, follow, manager, nameIn, named } from '../connection/lookup.ts'
import { cardBacking } from './networks.ts'
import { runTask } from '../connection/run-task.ts'
import { REF_KEY, networkOf, shadowSpec, shapeOf } from './shadow-spec.ts'
import type { SpecOptions } from './shadow-spec.ts'
import type { VsphereTargetOptions } from './target-options.ts'
import type { VsphereShape } from '../inventory/vm-shape.ts'

/** vCenter's limit on names. */
const MOST_CHARACTERS = 80

/**
 * The instance UUID of a shadow VM, made of its reference: vCenter finds a VM by it at once, however many there are, and whoever
 * builds the same VM a second time sees that it is there.
 */
export function shadowUuidOf(ref: string): string {
  const digits = createHash('sha256').update(`driftless shadow ${ref}`).digest('hex')
  // Version 8, "of one's own making" (RFC 9562).
  return [digits.slice(0, 8), digits.slice(8, 12), `8${digits.slice(13, 16)}`, `8${digits.slice(17, 20)}`, digits.slice(20, 32)].join('-')
}

/** The shadow VM with this reference; null when there is none. Rejects where another VM has its identity. */
export async function findShadow(vim: Vim, ref: string): Promise<Ref | null> {
  const index = manager(vim.content.searchIndex, 'index of VMs')
  const found = await ask(vim, index, 'FindByUuid', { uuid: shadowUuidOf(ref), vmSearch: true, instanceUuid: true }, reference.optional())
  if (found === undefined) return null
  const { properties } = await retrieveOne(vim, found, ['name', 'config.extraConfig'])
  if (extraOption(properties['config.extraConfig'], REF_KEY) === ref) return found
  throw new Error(`VM "${nameIn(properties)}" has the instance UUID of the shadow VM "${ref}" and was not built for it (its setting ${REF_KEY} says so). It may be a copy of one: remove it, or give it another UUID, in vCenter.`)
}

/**
 * Builds the shadow VM around its disks, off; one that is there already is left alone. Its name is the source's, with "(driftless)"
 * behind it where another VM has that. Rejects with what to do.
 */
export async function createShadow(vim: Vim, options: VsphereTargetOptions, shadow: ShadowVm): Promise<void> {
  if ((await findShadow(vim, shadow.ref)) !== null) return
  const datacenter = await findDatacenter(vim, options)
  const shape = shapeOf(shadow)
  const instanceUuid = shadowUuidOf(shadow.ref)
  const cards = await findCards(vim, datacenter, options, shadow, shape)
  const [folder, pool] = [await findFolder(vim, datacenter, options), await findPool(vim, datacenter, options)]
  // Names and identities in one look: a killed agent's task may still be building the VM. It then chose the same name, and vCenter refuses the second.
  const vms = await retrieve(vim, { folder: datacenter, type: 'VirtualMachine', properties: ['name', 'config.instanceUuid'] })
  if (vms.some(({ properties }) => properties['config.instanceUuid'] === instanceUuid)) return
  const name = freeName(shadow.name, new Set(vms.map(({ properties }) => nameIn(properties))))
  const created = reference.parse(await runTask(vim, folder, 'CreateVM_Task', { config: shadowSpec(shadow, shape, { name, instanceUuid, cards }), pool }))
  const found = await findShadow(vim, shadow.ref)
  if (found?.value === created.value) return
  // Not to be found again it would be built over and over.
  await discard(vim, created)
  throw new Error(`vCenter has given the shadow VM of "${shadow.name}" another instance UUID than it was told, so that it could not be found again. It was removed. Look for another VM with the instance UUID ${instanceUuid}.`)
}

/** Removes a shadow VM that is off; its disks stay. None there: nothing is to do. */
export async function removeShadow(vim: Vim, ref: string): Promise<void> {
  const vm = await findShadow(vim, ref)
  if (vm !== null) await discard(vim, vm)
}

/** Takes the disks out first, for removing a VM deletes what it has. */
async function discard(vim: Vim, vm: Ref): Promise<void> {
  try {
    const { properties } = await retrieveOne(vim, vm, ['name', 'runtime.powerState'])
    const name = nameIn(properties)
    if (properties['runtime.powerState'] !== 'poweredOff') throw new Error(`VM "${name}" is not off, so it is not removed. Power it off first.`)
    const disks = (await readDevices(vim, vm)).filter(isDisk)
    if (disks.length > 0) await runTask(vim, vm, 'ReconfigVM_Task', { spec: withoutDisks(disks) })
    if ((await readDevices(vim, vm)).some(isDisk)) throw new Error(`The replica's disks could not be taken out of VM "${name}", so it was not removed: they would be deleted with it. Look at its disks in vCenter.`)
    await runTask(vim, vm, 'Destroy_Task')
  } catch (error) {
    if (!isGone(error)) throw error
  }
}

/** In the order of the shape's cards. A test's are connected to nothing, nor are those of which nobody says to what. */
async function findCards(vim: Vim, datacenter: Ref, { networks }: VsphereTargetOptions, shadow: ShadowVm, shape: VsphereShape): Promise<SpecOptions['cards']> {
  const cards: SpecOptions['cards'][number][] = []
  for (const nic of shape.nics) {
    const network = networkOf(nic, shape, shadow.network, networks)
    const [first] = shape.nics
    const backing = await cardBacking(vim, datacenter, network ?? networkOf(first ?? nic, shape, shadow.network, networks) ?? shadow.network)
    cards.push({ backing, connected: nic.connected && network !== null && shadow.isolated !== true })
  }
  return cards
}

async function findFolder(vim: Vim, datacenter: Ref, { folder }: VsphereTargetOptions): Promise<Ref> {
  if (folder === undefined || folder === null) return follow(vim, datacenter, 'vmFolder')
  const [found] = await named(vim, datacenter, 'Folder', folder)
  if (found === undefined) throw new Error(`The datacenter has no folder "${folder}" for shadow VMs. Make it, or correct its name in the agent's settings.`)
  return found
}

/** All of the cluster that the agent's VM is in: its hosts have the datastores of the replicas. */
async function findPool(vim: Vim, datacenter: Ref, { resourcePool, agentVm }: VsphereTargetOptions): Promise<Ref> {
  if (resourcePool === undefined || resourcePool === null) {
    const pool = await follow(vim, await findAgentVm(vim, agentVm), 'resourcePool')
    return follow(vim, await follow(vim, pool, 'owner'), 'resourcePool')
  }
  const [found] = await named(vim, datacenter, 'ResourcePool', resourcePool)
  if (found === undefined) throw new Error(`The datacenter has no resource pool "${resourcePool}" for shadow VMs. Make it, or correct its name in the agent's settings.`)
  return found
}

function freeName(name: string, taken: ReadonlySet<string>): string {
  for (let count = 0; ; count += 1) {
    const suffix = count === 0 ? '' : count === 1 ? ' (driftless)' : ` (driftless ${count})`
    const candidate = `${name.slice(0, MOST_CHARACTERS - suffix.length)}${suffix}`
    if (!taken.has(candidate)) return candidate
  }
}
