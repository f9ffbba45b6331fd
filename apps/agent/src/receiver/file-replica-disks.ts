import { mkdir, readdir, rm, stat, statfs } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { allocatedBytes, openFileDevice } from '@driftless/nbd'
import type { BlockDevice } from '@driftless/nbd'
import { fileNameOf, folderNameOf } from './replica-disks.ts'
import type { ReplicaDiskId, ReplicaDisks, Room } from './replica-disks.ts'

/** Kept free on the file system: a full one harms more than the replicas. */
const RESERVE_BYTES = 64 * 1024 * 1024

const SUFFIX = '.raw'

export interface FileReplicaDisksOptions {
  directory: string
  /** How a disk is opened; tests put faults in between. */
  open?: (path: string) => Promise<BlockDevice>
}

/** Replicas' disks as sparse raw files, one folder a migration. All storages of a plan are this one file system. */
export class FileReplicaDisks implements ReplicaDisks {
  readonly direct: boolean = false
  readonly #options: FileReplicaDisksOptions

  constructor(options: FileReplicaDisksOptions) {
    this.#options = options
  }

  pathOf(disk: ReplicaDiskId): string {
    return join(this.#folder(disk.migrationId), `${fileNameOf(disk)}${SUFFIX}`)
  }

  nameOf(disk: ReplicaDiskId): Promise<string> {
    return Promise.resolve(this.pathOf(disk))
  }

  async sizeOf(disk: ReplicaDiskId): Promise<number | null> {
    const path = this.pathOf(disk)
    try {
      return (await stat(path)).size
    } catch {
      return null
    }
  }

  async create(disk: ReplicaDiskId, sizeBytes: number): Promise<void> {
    const path = this.pathOf(disk)
    await mkdir(dirname(path), { recursive: true })
    await rm(path, { force: true })
    await (await openFileDevice(path, { create: { sizeBytes } })).close()
  }

  open(disk: ReplicaDiskId): Promise<BlockDevice> {
    return (this.#options.open ?? openFileDevice)(this.pathOf(disk))
  }

  /** Open files end with their process. */
  letGo(): Promise<void> {
    return Promise.resolve()
  }

  storedBytes(disk: ReplicaDiskId): Promise<number> {
    return allocatedBytes(this.pathOf(disk))
  }

  async remove(migrationId: string): Promise<void> {
    const folder = this.#folder(migrationId)
    for (const name of await readdir(folder).catch(() => [])) if (name.endsWith(SUFFIX)) await rm(join(folder, name), { force: true })
  }

  placeOf(): string {
    return this.#options.directory
  }

  async room(): Promise<Room> {
    await mkdir(this.#options.directory, { recursive: true })
    const system = await statfs(this.#options.directory)
    return { freeBytes: Math.max(0, system.bavail * system.bsize - RESERVE_BYTES), totalBytes: system.blocks * system.bsize }
  }

  #folder(migrationId: string): string {
    return join(this.#options.directory, folderNameOf(migrationId))
  }
}
