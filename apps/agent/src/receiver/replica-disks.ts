import type { BlockDevice } from '@driftless/nbd'

/** A replica's disk, by what it is for. */
export interface ReplicaDiskId {
  readonly migrationId: string
  readonly key: string
}

/** Where replicas' disks are kept: files that the agent serves to shadow VMs, or disks of a hypervisor that shadow VMs run from directly. */
export interface ReplicaDisks {
  /** How a shadow VM is given the disk, and how it is told of to people: a path, or a name such as `[datastore] folder/disk.vmdk`. */
  nameOf(disk: ReplicaDiskId): string
  /** Its size in bytes; null when there is none. */
  sizeOf(disk: ReplicaDiskId): Promise<number | null>
  /** Makes a disk of zeroes, where there is one in its place. `storage`: where the customer's plan wants it. */
  create(disk: ReplicaDiskId, sizeBytes: number, storage: string): Promise<void>
  /** Opens it to be read and written; whoever opened it closes it, and then a shadow VM may have it. */
  open(disk: ReplicaDiskId): Promise<BlockDevice>
  /** Bytes that it takes. */
  storedBytes(disk: ReplicaDiskId): Promise<number>
  /** Removes the disks of a migration and what is around them; none there: nothing is to do. */
  remove(migrationId: string): Promise<void>
  /** Room for replicas, in bytes: what is free, and what there is in all. */
  room(): Promise<{ freeBytes: number; totalBytes: number }>
}
