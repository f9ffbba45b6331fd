/**
 * What the agent asks of a hypervisor. An adapter declares what it can do; nothing outside
 * `hypervisors/` asks which hypervisor it is. Only `main.ts` knows the adapters.
 */
import type { GuestState, HypervisorFacts, Notice, Placement, Problem } from '@driftless/agent-api'
import type { ReplicaDisks } from '../receiver/replica-disks.ts'
import type { DiskTap, TapOptions } from '../tap/disk-tap.ts'

export interface Capabilities {
  /** ALWAYS: the guest reaches its disks through the agent, so every VM is tapped; ON_DEMAND: only VMs that migrate or are observed. */
  readonly tap: 'ALWAYS' | 'ON_DEMAND'
}

export interface HypervisorDisk {
  readonly key: string
  readonly sizeBytes: number
  /** Bytes in use, as far as the hypervisor knows. */
  readonly usedBytes: number
  /** Puts a tap on the disk, while the guest runs or not. */
  attach(options: TapOptions): Promise<DiskTap>
}

export interface HypervisorVm {
  readonly ref: string
  readonly name: string
  readonly guestOs: string
  readonly cpus: number
  readonly memoryBytes: number
  readonly network: string
  readonly guest: GuestState
  readonly disks: readonly HypervisorDisk[]
  /** What this adapter needs at the target to build the shadow VM; opaque to everyone else. */
  readonly shadowNeeds: Record<string, unknown>
  readonly placement?: Placement
  /** What must be changed before it can be migrated. */
  readonly blockers?: readonly Problem[]
  /** What a migration will ask of it. */
  readonly remarks?: readonly Problem[]
  /** What happened to it lately that its people should know of, oldest first. */
  readonly notices?: readonly Notice[]
}

export interface ShadowVm {
  readonly ref: string
  readonly name: string
  readonly guestOs: string
  readonly cpus: number
  readonly memoryBytes: number
  readonly network: string
  /** Where the customer's plan puts its disks. */
  readonly storage: string
  /** A test: no network at all, whatever `network` says. */
  readonly isolated?: boolean
  /** The source guest's highest acknowledged record; the shadow's own check demands it. */
  readonly acknowledgedSequence: number
  /** `shadowNeeds`, as the source's adapter gave it. */
  readonly shadowNeeds: Record<string, unknown>
  /** `path`: the disk, as the store or the hypervisor's `replicaDisks` names it; its content is also what `socketPath` serves by NBD, where the agent serves it. */
  readonly disks: readonly { key: string; sizeBytes: number; path: string; socketPath: string }[]
}

/** All calls are idempotent and reject with an `Error` whose message says what to do. */
export interface Hypervisor {
  readonly capabilities: Capabilities
  /** What it is and what it can do, for people. Never rejects: what is wrong with it is part of that. */
  describe(): Promise<HypervisorFacts>
  /** Where replicas' disks are kept, if it keeps them itself and runs shadow VMs from them; absent: in files that the agent serves. */
  readonly replicaDisks?: ReplicaDisks
  listVms(): Promise<HypervisorVm[]>
  /** Null when there is no such VM. */
  findVm(ref: string): Promise<HypervisorVm | null>
  powerOn(ref: string): Promise<void>
  /** Asks the guest to shut down in order; never powers it off. Returns before it is off. */
  shutdown(ref: string): Promise<void>
  /** Stops the VM without asking the guest: for shadow VMs that failed. */
  powerOff(ref: string): Promise<void>
  /** Marks a VM that was migrated, and is off, so that nobody powers it on by mistake. Absent: nothing is marked. */
  retire?(ref: string): Promise<void>
  /** Registers the VM, powered off. */
  createShadow(shadow: ShadowVm): Promise<void>
  /** Removes the registration of a VM that is off; its disks stay. */
  removeVm(ref: string): Promise<void>
}
