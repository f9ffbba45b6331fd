import { PieceTable, removeTable } from '../proof/piece-table.ts'
import { TrackedDevice } from '../proof/tracked-device.ts'
import { StreamError } from '../stream/protocol.ts'
import type { ReplicaRecord, ReplicaStore } from './replica-store.ts'

/** A disk in use, and the hashes of what was read back from it. */
export interface OpenDisk {
  readonly device: TrackedDevice
  readonly table: PieceTable
}

/** The disks of one replica that are open: each is opened when it is first wanted. */
export class OpenDisks {
  readonly #store: ReplicaStore
  readonly #record: ReplicaRecord
  readonly #disks = new Map<string, Promise<OpenDisk>>()

  constructor(store: ReplicaStore, record: ReplicaRecord) {
    this.#store = store
    this.#record = record
  }

  /** Rejects with REPLICA_IN_USE while a shadow VM runs from the disk itself, or may. */
  async open(key: string): Promise<OpenDisk> {
    if (this.#lentOut) throw inUse()
    let opened = this.#disks.get(key)
    if (opened === undefined) {
      opened = this.#openNow(key)
      this.#disks.set(key, opened)
      opened.catch(() => this.#disks.delete(key))
    }
    return opened
  }

  async #openNow(key: string): Promise<OpenDisk> {
    const { migrationId } = this.#record
    const device = await this.#store.disks.open({ migrationId, key })
    try {
      const table = new PieceTable(this.#store.tablePath(migrationId, key), device)
      await table.open()
      if (this.#record.holder === 'SHADOW') table.touchAll()
      return { device: new TrackedDevice(device, table), table }
    } catch (error) {
      await device.close()
      throw error
    }
  }

  /** A shadow VM may write past us: whatever was read back before proves nothing. */
  async forgetHashes(): Promise<void> {
    for (const opened of this.#disks.values()) (await opened.catch(() => null))?.table.touchAll()
    if (!this.#lentOut) return
    // Those that are not open are not opened for it, and would tell of what was before.
    const closed = this.#record.disks.filter(({ key }) => !this.#disks.has(key))
    for (const { key } of closed) await removeTable(this.#store.tablePath(this.#record.migrationId, key))
  }

  /** Closes all; one that cannot be closed stays, and is tried again by the next call. */
  async close(): Promise<void> {
    for (const [key, opened] of this.#disks) {
      const disk = await opened.catch(() => null)
      await disk?.table.close()
      await disk?.device.close()
      this.#disks.delete(key)
    }
  }

  get #lentOut(): boolean {
    return this.#record.holder === 'SHADOW' && this.#store.disks.direct
  }
}

export const inUse = (): StreamError => new StreamError('REPLICA_IN_USE', 'The shadow VM was started from this replica; the stream may not write to it until the cutover is undone.')
