import type { BlockDevice } from '@driftless/nbd'
import { openFileDevice } from '@driftless/nbd'
import { parseDatastorePath } from '@driftless/vim25'
import type { Hypervisor } from '../hypervisor.ts'
import { AgentVm } from './agent-vm.ts'
import type { VsphereConnection } from './connection-file.ts'
import { openDatastoreReader } from './datastore-reader.ts'
import { Inventory } from './inventory.ts'
import { Leftovers } from './leftovers.ts'
import { Places } from './places.ts'
import { SourceVms } from './source-vms.ts'
import { TappedVms } from './tapped-vms.ts'
import { VCenter } from './vcenter.ts'
import type { DiskFacts, VmFacts } from './vm-facts.ts'
import { vsphereFacts } from './vsphere-facts.ts'

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
