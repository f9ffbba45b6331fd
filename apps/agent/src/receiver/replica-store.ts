import { randomUUID } from 'node:crypto'
import { mkdir, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { hash, id } from '@driftless/agent-api'
import type { DiskShape, VmShape } from '@driftless/agent-api'
import { readState, writeState } from '../state-file.ts'
import { StreamError } from '../stream/protocol.ts'
import { fileNameOf, folderNameOf } from './replica-disks.ts'
import type { ReplicaDisks, Room } from './replica-disks.ts'

/** `sweptBytes`: how far the source's sweep of this epoch is known to be durable here. */
const diskRecord = z.object({
  key: z.string(), sizeBytes: z.number(), epoch: z.string(), fresh: z.boolean(), sweptBytes: z.number().default(0),
  /** Ranges (offset, length) that the disk's seed did not bring, and the source has not sent yet. */
  missing: z.array(z.tuple([z.number(), z.number()])).default([]),
})
export type ReplicaDiskRecord = z.infer<typeof diskRecord>

/** A seed that is being imported, or was. */
const seedRecord = z.object({
  shipmentId: id,
  manifestHash: hash,
  /** The replica was not all zero before: what the seed does not hold is made so. */
  overwrites: z.boolean(),
  /** Of the chunks on each device, in the manifest's order: how many are durably in the disks, or given up. */
  positions: z.array(z.number()),
  doneBytes: z.number(),
  totalBytes: z.number(),
  damagedChunks: z.number(),
  damagedBytes: z.number(),
  importedAtMs: z.number().nullable(),
})
export type SeedRecord = z.infer<typeof seedRecord>

/** What is remembered of one replica over restarts; `replica.json` in its folder. */
const replicaRecord = z.object({
  migrationId: id,
  disks: z.array(diskRecord),
  /** SHADOW: a shadow VM may write to the disks; the stream may not. */
  holder: z.enum(['STREAM', 'SHADOW']),
  shadowRef: z.string().nullable(),
  /** Where the plan wanted the disks when they were made; null in records of older agents. */
  storage: z.string().nullable().default(null),
  /** Since when the shadow VM is live: nothing takes its disks from it without a signed order. */
  acceptedAtMs: z.number().nullable().default(null),
  seed: seedRecord.nullable().default(null),
})
export type ReplicaRecord = z.infer<typeof replicaRecord>

export interface ReplicaStoreOptions {
  /** For all but the disks, which may lie in it too. */
  directory: string
  disks: ReplicaDisks
  /** Cap on what all replicas may take together; null: whatever there is room for. */
  quotaBytes: number | null
}

/** The target's replicas: what is known of each in a folder of its own, its disks in `disks`. */
export class ReplicaStore {
  readonly disks: ReplicaDisks
  readonly #options: ReplicaStoreOptions
  /** One at a time: two must not be promised the same room. */
  #preparing: Promise<unknown> = Promise.resolve()

  constructor(options: ReplicaStoreOptions) {
    this.#options = options
    this.disks = options.disks
  }

  #folder(migrationId: string): string {
    return join(this.#options.directory, folderNameOf(migrationId))
  }

  /** The hashes of a disk's pieces, as read back from it. */
  tablePath(migrationId: string, key: string): string {
    return join(this.#folder(migrationId), `${fileNameOf({ key })}.raw.pieces`)
  }

  /** Where is kept what a return to the source needs; removed with the shadow VM. */
  wayBackFolder(migrationId: string): string {
    return join(this.#folder(migrationId), 'way-back')
  }

  /** Where a test of the replica keeps what it needs; made and removed by the test. */
  testFolder(migrationId: string): string {
    return join(this.#folder(migrationId), 'test')
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
   * The replica of a migration with a disk for every one of the VM, made where missing. A disk that is
   * missing or of another size gets a new epoch. Rejects with INSUFFICIENT_SPACE.
   */
  prepare(migrationId: string, shape: Pick<VmShape, 'disks' | 'storage'>): Promise<ReplicaRecord> {
    const prepared = this.#preparing.then(() => this.#prepare(migrationId, shape))
    this.#preparing = prepared.catch(() => {})
    return prepared
  }

  async #prepare(migrationId: string, { disks, storage }: Pick<VmShape, 'disks' | 'storage'>): Promise<ReplicaRecord> {
    const folder = this.#folder(migrationId)
    const known = await readState(join(folder, 'replica.json'), replicaRecord)
    const records: z.infer<typeof diskRecord>[] = []
    const missing: DiskShape[] = []
    for (const disk of disks) {
      const record = known?.disks.find((candidate) => candidate.key === disk.key)
      const size = await this.disks.sizeOf({ migrationId, key: disk.key })
      if (record !== undefined && record.sizeBytes === disk.sizeBytes && size === disk.sizeBytes) records.push(record)
      else missing.push(disk)
    }
    if (known !== null && missing.length === 0) return known
    await this.#demandRoom(migrationId, disks, storage)
    await mkdir(folder, { recursive: true })
    for (const disk of missing) {
      await this.disks.create({ migrationId, key: disk.key }, disk.sizeBytes, storage)
      records.push({ ...disk, epoch: randomUUID(), fresh: true, sweptBytes: 0, missing: [] })
    }
    const record: ReplicaRecord = { migrationId, disks: records, holder: known?.holder ?? 'STREAM', shadowRef: known?.shadowRef ?? null, storage, acceptedAtMs: known?.acceptedAtMs ?? null, seed: null }
    await this.save(record)
    return record
  }

  save(record: ReplicaRecord): Promise<void> {
    return writeState(join(this.#folder(record.migrationId), 'replica.json'), record)
  }

  /** The disks first: as long as the record is there the replica is known, and removing it can be tried again. */
  async remove(migrationId: string): Promise<void> {
    await this.disks.remove(migrationId)
    await rm(this.#folder(migrationId), { recursive: true, force: true })
  }

  /** Bytes that the replica's disks take. */
  async storedBytes({ migrationId, disks }: ReplicaRecord): Promise<number> {
    let total = 0
    for (const { key } of disks) total += await this.disks.storedBytes({ migrationId, key })
    return total
  }

  /** Room for replicas in one place of `disks`; left out: in all of them. */
  async room(place?: string): Promise<Room> {
    const room = await this.disks.room(place)
    const { quotaBytes } = this.#options
    if (quotaBytes === null) return room
    const stored = await this.#sum((record) => this.storedBytes(record))
    return { freeBytes: Math.max(0, Math.min(room.freeBytes, quotaBytes - stored)), totalBytes: Math.min(room.totalBytes, quotaBytes) }
  }

  /** A replica is promised its full size: what others in the same place were promised and do not use yet is not free. */
  async #demandRoom(migrationId: string, disks: readonly DiskShape[], storage: string): Promise<void> {
    const place = this.disks.placeOf(storage)
    const { freeBytes } = await this.room(place)
    const promised = await this.#sum(async (record) => {
      const elsewhere = record.storage !== null && this.disks.placeOf(record.storage) !== place
      if (record.migrationId === migrationId || elsewhere) return 0
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
