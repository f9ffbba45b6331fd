import { join } from 'node:path'
import type { Notice } from '@driftless/agent-api'
import type { BlockDevice } from '@driftless/nbd'
import { parseDatastorePath } from '@driftless/vim25'
import { z } from 'zod'
import { VERSION } from '../../version.ts'
import type { Hypervisor } from '../hypervisor.ts'
import type { VsphereConnection } from './connection/connection-file.ts'
import { AgentVm } from './hot-add/agent-vm.ts'
import { openAttached } from './hot-add/attached-device.ts'
import { openDatastoreReader } from './rounds/datastore-reader.ts'
import { ensureEntry } from './connection/extension.ts'
import { runTask } from './connection/run-task.ts'
import { FilterWatch } from './filters/filter-watch.ts'
import { Inventory } from './inventory/inventory.ts'
import { Leftovers } from './rounds/leftovers.ts'
import { isMigratedName, migratedName } from './inventory/migrated-name.ts'
import { isOurs } from './rounds/our-snapshot.ts'
import { Places } from './inventory/places.ts'
import { powerOff, powerOn, shutDown } from './inventory/power.ts'
import type { PoweredVm } from './inventory/power.ts'
import { createShadow, findShadow, removeShadow } from './target/shadow-vm.ts'
import { snapshotNotices } from './watch/snapshot-notices.ts'
import { SourceVms } from './inventory/source-vms.ts'
import { TappedVms } from './rounds/tapped-vms.ts'
import { VCenter } from './connection/vcenter.ts'
import type { DiskFacts, VmFacts } from './inventory/vm-facts.ts'
import { VmEvents } from './watch/vm-events.ts'
import { VmSettings } from './inventory/vm-settings.ts'
import { VmdkReplicaDisks } from './target/vmdk-replica-disks.ts'
import { vsphereFacts } from './vsphere-facts.ts'
import { meterWrites } from './watch/write-meter.ts'

/** How often snapshots that nobody uses any more are looked for. */
const SWEEP_EVERY_MS = 30_000

/** VMs that we build have references of our own; vSphere's are UUIDs. */
const isShadowRef = (ref: string): boolean => /^(shadow|test)-/.test(ref)

export interface VsphereHypervisorOptions {
  readonly connection: VsphereConnection
  /** Where disks that are attached to the agent's VM appear. */
  readonly devicesDirectory: string
  /** Between two snapshots of a VM at least. */
  readonly leastRoundMs: number
  readonly dataDirectory: string
  /** Named in its snapshots, so that it knows its own. */
  readonly agentName: string
}

export interface VsphereHypervisor extends Hypervisor {
  /** Logs out. VMs run on. */
  close(): Promise<void>
}

/**
 * Adapter for vSphere, by one vCenter. A VM's reference is its instance UUID, a disk's key its device key: both stay when
 * VMs move and disks are added.
 *
 *   connection/  VCenter: the one session; what a person confirmed and typed, sealed; the portal's entry in vCenter
 *   inventory/   Inventory: every VM, kept as it changes ▸ SourceVms: VMs as the replicator knows them; obstacles, places, power
 *   rounds/      TappedVms ▸ FrozenVm ▸ SnapshotCycle: snapshot, changed areas, read ▸ ChangedBlocksTap, one a disk; readers
 *   watch/       what happens to VMs, and what they write, as vCenter tells
 *   hot-add/     AgentVm: disks that are connected to the agent's own VM
 *   target/      VmdkReplicaDisks: replicas as virtual disks; the shadow VM around them
 *   filters/     IO filters: their life on clusters, and the channel by which one's daemon would feed a tap
 *   command/     `npm run vsphere`
 */
export function vsphereHypervisor({ connection, devicesDirectory, leastRoundMs, dataDirectory, agentName }: VsphereHypervisorOptions): VsphereHypervisor {
  const vcenter = new VCenter(connection)
  const inventory = new Inventory(vcenter)
  const places = new Places(vcenter)
  const agentVm = connection.agentVm === null ? null : new AgentVm(vcenter, { agentVm: connection.agentVm, devicesDirectory })
  const target = connection.agentVm === null ? null : { ...connection, agentVm: connection.agentVm, devicesDirectory, folder: null, resourcePool: null }
  const replicaDisks = agentVm === null || target === null ? null : new VmdkReplicaDisks({ vcenter, agentVm, target, directory: join(dataDirectory, 'virtual-disks') })
  const snapshots = { agentName, letGo }
  const tapped = new TappedVms({ vcenter, snapshots, leastRoundMs, openReader })
  const sources = new SourceVms({ vcenter, inventory, places, settings: new VmSettings(vcenter), tapped, agentVm: connection.agentVm, noticesOf })
  const events = new VmEvents(vcenter)
  const filters = new FilterWatch(vcenter)
  const leftovers = new Leftovers(vcenter, snapshots)
  const sweeping = setInterval(() => void sweep(), SWEEP_EVERY_MS)
  const stop = new AbortController()
  const tappedRefs = () => new Set(tapped.all().map(({ vm }) => vm.moref.value))
  // What cannot be read of events is read the next time.
  const following = Promise.all([events.follow(tappedRefs, () => {}, stop.signal), meterWrites(vcenter, tapped, whoIsOff, stop.signal)])
  let product: string | null = null
  enter().catch(() => {})

  async function openReader(vm: VmFacts, disk: DiskFacts): Promise<BlockDevice> {
    const { fileName, uuid, sizeBytes } = disk
    if (agentVm !== null && connection.read !== 'datastore') return openAttached(agentVm, { fileName, uuid, sizeBytes, readOnly: true })
    if (connection.read === 'hot-add') throw new Error('Disks are to be read by HotAdd, and the agent does not know the VM that it runs in. Name it: npm run vsphere -- connect … --agent-vm NAME')
    const path = parseDatastorePath(fileName)
    return openDatastoreReader(vcenter, fileName, await places.datacenterOf(vm, path?.datastore ?? ''), sizeBytes)
  }

  function noticesOf({ instanceUuid, moref, properties }: VmFacts): Notice[] {
    if (!tapped.isTapped(instanceUuid)) return []
    const snapshots = z.object({ rootSnapshotList: z.unknown() }).safeParse(properties['snapshot']).data?.rootSnapshotList
    return [...snapshotNotices(snapshots, (name) => isOurs({ name })), ...events.of(moref.value)]
  }

  /** The portal's entry in vCenter. One that cannot be made now is made with the next start, or by a person. */
  async function enter(): Promise<void> {
    const { portalUrl, adminEmail } = connection
    if (portalUrl !== null && adminEmail !== null) await vcenter.use((vim) => ensureEntry(vim, { url: portalUrl, adminEmail, version: VERSION }))
  }

  async function shadow(ref: string): Promise<PoweredVm | null> {
    const moref = await vcenter.use((vim) => findShadow(vim, ref))
    return moref === null ? null : { moref, name: ref }
  }

  async function letGo(vm: VmFacts): Promise<void> {
    await agentVm?.sweep((_fileName, uuid) => vm.disks.some((disk) => disk.uuid === uuid))
  }

  async function whoIsOff(): Promise<string[]> {
    return (await inventory.list()).filter(({ power }) => power !== 'ON').map(({ moref }) => moref.value)
  }

  async function sweep(): Promise<void> {
    const vms = await inventory.list().catch(() => [])
    leftovers.look(vms.filter((vm) => !tapped.isTapped(vm.instanceUuid)))
  }

  /** The VM that the reference names: one of ours, that was built as a shadow, or one of theirs. */
  async function get(ref: string): Promise<PoweredVm> {
    const vm = isShadowRef(ref) ? await shadow(ref) : await sources.facts(ref)
    if (vm === null) throw new Error(`vCenter has no VM "${ref}" any more. Check it there, or cancel its migration.`)
    return vm
  }

  return {
    capabilities: { tap: 'ON_DEMAND' },
    ...(replicaDisks === null ? {} : { replicaDisks }),
    async describe() {
      product ??= await vcenter.use((vim) => Promise.resolve(`${vim.content.about.fullName}`)).catch(() => null)
      return vsphereFacts({ product, inVm: connection.agentVm !== null, filters: filters.current(), problem: vcenter.problem })
    },
    listVms: () => sources.list(),
    async findVm(ref) {
      if (!isShadowRef(ref)) return sources.find(ref)
      const found = await shadow(ref)
      return found === null ? null : sources.look(found.moref)
    },
    async powerOn(ref) {
      sources.noteOn(ref)
      const vm = await get(ref)
      const on = () => powerOn(vcenter, vm)
      await (tapped.get(ref)?.whileHidden(on) ?? on())
    },
    async shutdown(ref) {
      await shutDown(vcenter, await get(ref))
      sources.noteAsked(ref)
    },
    powerOff: async (ref) => powerOff(vcenter, await get(ref)),
    async retire(ref) {
      const { moref, name } = await get(ref)
      if (isMigratedName(name)) return
      await vcenter.use((vim) => runTask(vim, moref, 'Rename_Task', { newName: migratedName(name, new Date()) }))
    },
    async createShadow(wanted) {
      if (target === null) throw new Error('Shadow VMs are built around disks that the agent connects to its own VM, and it does not know which that is. Name it: npm run vsphere -- connect … --agent-vm NAME')
      await vcenter.use((vim) => createShadow(vim, target, wanted))
    },
    removeVm: (ref) => vcenter.use((vim) => removeShadow(vim, ref)),
    async close() {
      clearInterval(sweeping)
      stop.abort(new Error('The agent is stopping.'))
      await following
      await leftovers.close()
      await inventory.close()
      await vcenter.close()
    },
  }
}
