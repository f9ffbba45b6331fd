import type { BlockDevice } from '@driftless/nbd'
import { StreamError } from '../stream/protocol.ts'

/** A replica's disk, by what it is for. */
export interface ReplicaDiskId {
  readonly migrationId: string
  readonly key: string
}

/** In bytes: what is free, and what there is in all. */
export interface Room {
  readonly freeBytes: number
  readonly totalBytes: number
}

/** Where replicas' disks are kept: files that the agent serves to shadow VMs, or disks of a hypervisor that shadow VMs run from directly. */
export interface ReplicaDisks {
  /** A shadow VM runs from the disks themselves: it gets them once they are closed here, and what it writes is not seen. */
  readonly direct: boolean
  /** How a shadow VM is given the disk, and how it is told of to people: a path, or a name such as `[datastore] folder/disk.vmdk`. */
  nameOf(disk: ReplicaDiskId): Promise<string>
  /** Its size in bytes; null when there is none. */
  sizeOf(disk: ReplicaDiskId): Promise<number | null>
  /** Makes a disk of zeroes, where there is one in its place. `storage`: where the customer's plan wants it. */
  create(disk: ReplicaDiskId, sizeBytes: number, storage: string): Promise<void>
  /** Opens it to be read and written; whoever opened it closes it, and then a shadow VM may have it. */
  open(disk: ReplicaDiskId): Promise<BlockDevice>
  /** Takes the disk from an earlier life of this agent that may have been killed with it open. Not for disks that are open now. */
  letGo(disk: ReplicaDiskId): Promise<void>
  /** Bytes that it takes. */
  storedBytes(disk: ReplicaDiskId): Promise<number>
  /** Removes the disks of a migration; none there: nothing is to do. */
  remove(migrationId: string): Promise<void>
  /** Storages of the same place share its room. */
  placeOf(storage: string): string
  /** Room for replicas in one place; left out: in all of them. */
  room(place?: string): Promise<Room>
}

/** Migrations' ids become folder names: anything but letters, digits, `_` and `-` is written as %XX. */
export const folderNameOf = (migrationId: string): string => migrationId.replaceAll(/[^A-Za-z0-9_-]/g, (letter) => `%${Buffer.from(letter).toString('hex')}`)

/** Disks' keys become file names. Throws `StreamError` for one that cannot. */
export function fileNameOf({ key }: Pick<ReplicaDiskId, 'key'>): string {
  if (!/^[A-Za-z0-9_-]{1,60}$/.test(key)) throw new StreamError('BAD_DISK_KEY', `"${key}" is no usable disk key.`)
  return key
}
