/** What the target's side of the adapter is told: where VMs and disks go, and where the agent itself runs. */
export interface VsphereTargetOptions {
  /** The VM that this agent runs in: its name, or its instance UUID where several have that name. */
  readonly agentVm: string
  /** Where the agent's system shows disks by their identity; on Linux `/dev/disk/by-id`. */
  readonly devicesDirectory: string
  /** A plan's storages and which datastore each is; a storage that is not here is a datastore of its own name. */
  readonly storages: Readonly<Record<string, string>>
  /** Networks of plans, and of sources' cards beyond the first, and which network each is here; others are looked for by their own name. */
  readonly networks: Readonly<Record<string, string>>
  /** Its name; null: that of the agent's VM, the only one whose disks it can be given. */
  readonly datacenter: string | null
  /** Name of the VM folder for shadow VMs; none: the datacenter's root folder. */
  readonly folder?: string | null
  /** Name of the resource pool for shadow VMs; none: all of the agent VM's cluster or host. */
  readonly resourcePool?: string | null
}
