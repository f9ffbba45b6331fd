import type { BlockDevice } from '@driftless/nbd'
import type { InstalledFilter } from '@driftless/agent-api'
import { parseDatastorePath, retrieveOne, waitForTask, ask, reference } from '@driftless/vim25'
import type { Hypervisor } from '../hypervisor.ts'
import type { VsphereConnection } from './connection-file.ts'
import { openDatastoreReader } from './datastore-reader.ts'
import { Inventory } from './inventory.ts'
import { Leftovers } from './leftovers.ts'
import { isMigratedName, migratedName } from './migrated-name.ts'
import { Places } from './places.ts'
import { powerOff, powerOn, shutDown } from './power.ts'
import { SourceVms } from './source-vms.ts'
import { TappedVms } from './tapped-vms.ts'
import { VCenter } from './vcenter.ts'
import type { DiskFacts, VmFacts } from './vm-facts.ts'
import { vsphereFacts } from './vsphere-facts.ts'

/** How often snapshots that nobody uses any more are looked for. */
const SWEEP_EVERY_MS = 30_000

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
 *   Inventory ── every VM, kept as it changes          obstacles: what stands in a VM's way
 *   SourceVms ── VMs as the replicator knows them      places: names of hosts, clusters, datastores
 *   TappedVms ─ FrozenVm ─ SnapshotCycle               rounds: snapshot, changed areas, read
 *                └ ChangedBlocksTap, one a disk        readers: HotAdd (AgentVm) or the datastore's files
 */
export function vsphereHypervisor({ connection, leastRoundMs, agentName }: VsphereHypervisorOptions): VsphereHypervisor {
  const vcenter = new VCenter(connection)
  const inventory = new Inventory(vcenter)
  const places = new Places(vcenter)
  const tapped = new TappedVms({ vcenter, agentName, leastRoundMs, openReader })
  const sources = new SourceVms({ vcenter, inventory, places, tapped, agentVm: connection.agentVm, noticesOf: () => [] })
  const leftovers = new Leftovers(vcenter, agentName)
  const sweeping = setInterval(() => void sweep(), SWEEP_EVERY_MS)
  let product: string | null = null

  async function openReader(vm: VmFacts, disk: DiskFacts): Promise<BlockDevice> {
    const path = parseDatastorePath(disk.fileName)
    return openDatastoreReader(vcenter, disk.fileName, await places.datacenterOf(vm, path?.datastore ?? ''), disk.sizeBytes)
  }

  async function sweep(): Promise<void> {
    const vms = await inventory.list().catch(() => [])
    leftovers.look(vms.filter((vm) => !tapped.isTapped(vm.instanceUuid)))
  }

  async function get(ref: string): Promise<VmFacts> {
    const vm = await sources.facts(ref)
    if (vm === null) throw new Error(`vCenter has no VM "${ref}" any more. Check it there, or cancel its migration.`)
    return vm
  }

  return {
    capabilities: { tap: 'ON_DEMAND' },
    async describe() {
      product ??= await vcenter.use((vim) => Promise.resolve(`${vim.content.about.fullName}`)).catch(() => null)
      return vsphereFacts({ product, inVm: connection.agentVm !== null, filters: [], problem: vcenter.problem })
    },
    listVms: () => sources.list(),
    findVm: (ref) => sources.find(ref),
    async powerOn(ref) {
      sources.noteOn(ref)
      await powerOn(vcenter, await get(ref))
    },
    async shutdown(ref) {
      await shutDown(vcenter, await get(ref))
      sources.noteAsked(ref)
    },
    powerOff: async (ref) => powerOff(vcenter, await get(ref)),
    async retire(ref) {
      const { moref, name } = await get(ref)
      if (isMigratedName(name)) return
      await vcenter.use(async (vim) => waitForTask(vim, await ask(vim, moref, 'Rename_Task', { newName: migratedName(name, new Date()) }, reference)))
    },
    createShadow: () => Promise.reject(new Error('not yet')),
    removeVm: () => Promise.reject(new Error('not yet')),
    async close() {
      clearInterval(sweeping)
      await leftovers.close()
      await inventory.close()
      await vcenter.close()
    },
  }
}
