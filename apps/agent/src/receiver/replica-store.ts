import { randomUUID } from 'node:crypto'
import { mkdir, readdir, rm, stat, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { id } from '@driftless/agent-api'
import type { DiskShape } from '@driftless/agent-api'
import { allocatedBytes, openFileDevice } from '@driftless/nbd'
import type { BlockDevice } from '@driftless/nbd'
import { readState, writeState } from '../state-file.ts'
import { StreamError } from '../stream/protocol.ts'

/** Kept free on the store's file system: a full one harms more than the replicas. */
const RESERVE_BYTES = 64 * 1024 * 1024

/** `sweptBytes`: how far the source's sweep of this epoch is known to be durable here. */
const diskRecord = z.object({ key: z.string(), sizeBytes: z.number(), epoch: z.string(), fresh: z.boolean(), sweptBytes: z.number().default(0) })

/** What is remembered of one replica over restarts; `replica.json` in its folder. */
const replicaRecord = z.object({
  migrationId: id,
  disks: z.array(diskRecord),
  /** SHADOW: a shadow VM may write to the disks; the stream may not. */
  holder: z.enum(['STREAM', 'SHADOW']),
  shadowRef: z.string().nullable(),
})
export type ReplicaRecord = z.infer<typeof replicaRecord>

export interface ReplicaStoreOptions {
  directory: string
  /** Cap on what all replicas may take together; null: the file system decides. */
  quotaBytes: number | null
  /** How a replica's disk is opened; tests put faults in between. */
  open?: (path: string) => Promise<BlockDevice>
}

/** The target's folder of replicas: one folder a migration, one sparse raw file a disk. */
export class ReplicaStore {
  readonly #options: ReplicaStoreOptions
  /** One at a time: two must not be promised the same room. */
  #preparing: Promise<unknown> = Promise.resolve()

  constructor(options: ReplicaStoreOptions) {
    this.#options = options
  }

  /** Migrations ids become folder names: anything but letters, digits, `_` and `-` is written as %XX. */
  #folder(migrationId: string): string {
    const name = migrationId.replaceAll(/[^A-Za-z0-9_-]/g, (letter) => `%${Buffer.from(letter).toString('hex')}`)
    return join(this.#options.directory, name)
  }

  diskPath(migrationId: string, key: string): string {
    if (!/^[A-Za-z0-9_-]{1,60}$/.test(key)) throw new StreamError('BAD_DISK_KEY', `"${key}" is no usable disk key.`)
    return join(this.#folder(migrationId), `${key}.raw`)
  }

  /** The hashes of a disk's pieces, as read back from it. */
  tablePath(migrationId: string, key: string): string {
    return `${this.diskPath(migrationId, key)}.pieces`
  }

  /** Where is kept what a return to the source needs; removed with the shadow VM. */
  wayBackFolder(migrationId: string): string {
    return join(this.#folder(migrationId), 'way-back')
  }

  /** Where a test of the replica keeps what it needs; made and removed by the test. */
  testFolder(migrationId: string): string {
    return join(this.#folder(migrationId), 'test')
  }

  /** Opens the file of a disk that `prepare` made. */
  openDisk(migrationId: string, key: string): Promise<BlockDevice> {
    return (this.#options.open ?? openFileDevice)(this.diskPath(migrationId, key))
  }

  /** Every replica in the store. */
  async list(): Promise<ReplicaRecord[]> {
    await mkdir(this.#options.directory, { recursive: true })
    const found: ReplicaRecord[] = []
    for (const entry of await readdir(this.#options.directory)) {
      const record = await readState(join(this.#options.directory, entry, 'replica.json'), replicaRecord)
      if (record !== null) found.push(record)
    }
    return found
  }

  /**
   * The replica of a migration with a file for every disk, made where missing. A file that is
   * missing or of another size gets a new epoch. Rejects with INSUFFICIENT_SPACE.
   */
  prepare(migrationId: string, disks: readonly DiskShape[]): Promise<ReplicaRecord> {
    const prepared = this.#preparing.then(() => this.#prepare(migrationId, disks))
    this.#preparing = prepared.catch(() => {})
    return prepared
  }

  async #prepare(migrationId: string, disks: readonly DiskShape[]): Promise<ReplicaRecord> {
    const folder = this.#folder(migrationId)
    const known = await readState(join(folder, 'replica.json'), replicaRecord)
    const records: z.infer<typeof diskRecord>[] = []
    const missing: DiskShape[] = []
    for (const disk of disks) {
      const record = known?.disks.find((candidate) => candidate.key === disk.key)
      const size = await fileSize(this.diskPath(migrationId, disk.key))
      if (record !== undefined && record.sizeBytes === disk.sizeBytes && size === disk.sizeBytes) records.push(record)
      else missing.push(disk)
    }
    if (known !== null && missing.length === 0) return known
    await this.#demandRoom(migrationId, disks)
    await mkdir(folder, { recursive: true })
    for (const disk of missing) {
      const path = this.diskPath(migrationId, disk.key)
      await rm(path, { force: true })
      await (await openFileDevice(path, { create: { sizeBytes: disk.sizeBytes } })).close()
      records.push({ ...disk, epoch: randomUUID(), fresh: true, sweptBytes: 0 })
    }
    const record: ReplicaRecord = { migrationId, disks: records, holder: known?.holder ?? 'STREAM', shadowRef: known?.shadowRef ?? null }
    await this.save(record)
    return record
  }

  save(record: ReplicaRecord): Promise<void> {
    return writeState(join(this.#folder(record.migrationId), 'replica.json'), record)
  }

  async remove(migrationId: string): Promise<void> {
    await rm(this.#folder(migrationId), { recursive: true, force: true })
  }

  /** Bytes that the replica's files take. */
  async storedBytes(record: ReplicaRecord): Promise<number> {
    let total = 0
    for (const disk of record.disks) total += await allocatedBytes(this.diskPath(record.migrationId, disk.key))
    return total
  }

  /** Room for replicas: what is free, and what there is in all. */
  async room(): Promise<{ freeBytes: number; totalBytes: number }> {
    await mkdir(this.#options.directory, { recursive: true })
    const system = await statfs(this.#options.directory)
    const free = Math.max(0, system.bavail * system.bsize - RESERVE_BYTES)
    const total = system.blocks * system.bsize
    const { quotaBytes } = this.#options
    if (quotaBytes === null) return { freeBytes: free, totalBytes: total }
    const stored = await this.#sum((record) => this.storedBytes(record))
    return { freeBytes: Math.max(0, Math.min(free, quotaBytes - stored)), totalBytes: Math.min(total, quotaBytes) }
  }

  /** A replica is promised its full size: what others were promised and do not use yet is not free. */
  async #demandRoom(migrationId: string, disks: readonly DiskShape[]): Promise<void> {
    const { freeBytes } = await this.room()
    const promised = await this.#sum(async (record) => {
      if (record.migrationId === migrationId) return 0
      return Math.max(0, sizeOf(record.disks) - (await this.storedBytes(record)))
    })
    const own = await this.#sum(async (record) => (record.migrationId === migrationId ? this.storedBytes(record) : 0))
    const neededBytes = sizeOf(disks) - own
    const roomBytes = Math.max(0, freeBytes - promised)
    if (neededBytes <= roomBytes) return
    throw new StreamError('INSUFFICIENT_SPACE', `The target's replica store has room for ${mebibytes(roomBytes)} more, but this VM's disks need ${mebibytes(neededBytes)}. Free or add space there, or choose another target; replication then starts by itself.`)
  }

  async #sum(of: (record: ReplicaRecord) => Promise<number>): Promise<number> {
    let total = 0
    for (const record of await this.list()) total += await of(record)
    return total
  }
}

const sizeOf = (disks: readonly DiskShape[]): number => disks.reduce((sum, disk) => sum + disk.sizeBytes, 0)

const mebibytes = (bytes: number): string => `${Math.ceil(bytes / 1024 / 1024)} MiB`

async function fileSize(path: string): Promise<number | null> {
  try {
    return (await stat(path)).size
  } catch {
    return null
  }
}
