import { randomUUID } from 'node:crypto'
import type { BlockDevice } from '@driftless/nbd'
import type { DiskHash } from '@driftless/agent-api'
import { HASH_PIECE_BYTES, StreamError } from '../stream/protocol.ts'
import type { Hello } from '../stream/protocol.ts'
import { hashPieces } from './disk-session.ts'
import type { ReceivingDisk } from './disk-session.ts'
import { OpenDisks, inUse } from './open-disks.ts'
import { Filling } from './missing-ranges.ts'
import type { ReplicaDiskRecord, ReplicaRecord, ReplicaStore, SeedRecord } from './replica-store.ts'

/** The source's sweep is recorded this often; less is lost to a killed target than the rest of a flush interval costs. */
const RECORD_SWEPT_EVERY_BYTES = 256 * 1024 * 1024

interface Session {
  readonly diskKey: string
  readonly end: (error: StreamError) => void
  readonly released: Promise<void>
}

/** Keeps moments of a replica's disks; see `test-boot.ts`. */
export interface MomentKeeper {
  /** The disk's content is now that of the VM's `moment`. */
  point(diskKey: string, moment: number): Promise<void>
  /** The range is about to change; undefined: go on at once. */
  beforeChange(diskKey: string, offset: number, length: number): Promise<void> | undefined
}

/** One replica in use: its open disks, the sessions that write to them, the hashes read back from them. */
export class Replica {
  readonly record: ReplicaRecord
  readonly #store: ReplicaStore
  readonly #disks: OpenDisks
  readonly #sessions = new Map<string, Session>()
  /** How far each disk's sweep was when that was recorded last. */
  readonly #recordedSwept = new Map<string, number>()
  /** Counts changes of content: hashes taken before the last one prove nothing. */
  #changes = 0
  #verified: { attempt: number; changes: number; hashes: DiskHash[] } | null = null
  #verifying: { attempt: number; abort: AbortController } | null = null
  #saving: Promise<void> = Promise.resolve()
  #closed = false
  #keeper: MomentKeeper | null = null

  constructor(store: ReplicaStore, record: ReplicaRecord) {
    this.#store = store
    this.record = record
    this.#disks = new OpenDisks(store, record)
  }

  get connected(): boolean {
    return this.record.disks.length > 0 && this.record.disks.every((disk) => this.#sessions.has(disk.key))
  }

  /** Lends a disk to a session; an earlier session of the same disk is ended first. Rejects with `StreamError`. */
  async admit(hello: Hello, end: (error: StreamError) => void): Promise<ReceivingDisk> {
    const disk = this.record.disks.find((candidate) => candidate.key === hello.diskKey)
    if (disk === undefined || disk.sizeBytes !== hello.sizeBytes) {
      throw new StreamError('SHAPE_MISMATCH', `The source's disk "${hello.diskKey}" has ${hello.sizeBytes} bytes; the replica was agreed as ${disk?.sizeBytes ?? 'missing'}. Cancel this migration and plan it anew.`)
    }
    this.#demandStream()
    const { device, table } = await this.#disks.open(disk.key)
    while (this.#sessions.has(disk.key)) await this.#endSession(disk.key, new StreamError('REPLACED', 'A newer connection for this disk took over.'))
    this.#demandStream()
    const { promise: released, resolve: release } = Promise.withResolvers<void>()
    const session: Session = { diskKey: disk.key, end, released }
    const filling = new Filling(disk.missing, disk.sizeBytes)
    this.#sessions.set(disk.key, session)
    return {
      ok: { epoch: disk.epoch, fresh: disk.fresh, sweptBytes: disk.sweptBytes, knownBytes: table.knownBytes, takesOffers: false, ...(disk.missing.length > 0 && { missing: disk.missing }) },
      device,
      changing: async (offset, length) => {
        this.#changes += 1
        filling.changes(offset, length)
        await this.#keeper?.beforeChange(disk.key, offset, length)
        if (!disk.fresh) return
        disk.fresh = false
        await this.#save()
      },
      swept: async (sweptBytes) => {
        if (filling.takeDurable()) {
          disk.missing = filling.missing
          await this.#save()
        }
        await this.#noteSwept(disk, sweptBytes)
      },
      pieceHashes: (offset, length) => {
        const end = offset + length
        const whole = offset % HASH_PIECE_BYTES === 0 && (end % HASH_PIECE_BYTES === 0 || end === disk.sizeBytes)
        return whole ? table.readBack(offset / HASH_PIECE_BYTES, Math.ceil(end / HASH_PIECE_BYTES)) : hashPieces(device, offset, length)
      },
      point: async (moment) => this.#keeper?.point(disk.key, moment),
      release: () => {
        if (this.#sessions.get(disk.key) === session) this.#sessions.delete(disk.key)
        release()
      },
    }
  }

  /** Who keeps moments of this replica; null: nobody does. */
  setKeeper(keeper: MomentKeeper | null): void {
    this.#keeper = keeper
  }

  /** The open disk. */
  async device(key: string): Promise<BlockDevice> {
    return (await this.#disks.open(key)).device
  }

  /** Recorded at once when the sweep began anew: until then the source may not rely on what it writes down. */
  async #noteSwept(disk: ReplicaDiskRecord, sweptBytes: number): Promise<void> {
    if (sweptBytes === disk.sweptBytes || sweptBytes > disk.sizeBytes) return
    const recorded = this.#recordedSwept.get(disk.key) ?? 0
    const due = sweptBytes < disk.sweptBytes || sweptBytes === disk.sizeBytes || sweptBytes >= recorded + RECORD_SWEPT_EVERY_BYTES
    disk.sweptBytes = sweptBytes
    if (!due) return
    this.#recordedSwept.set(disk.key, sweptBytes)
    await this.#save()
  }

  /** Hashes taken for this attempt, still true of the disks; null when there are none (yet). */
  hashes(attempt: number): DiskHash[] | null {
    if (this.#verified === null || this.#verified.attempt !== attempt || this.#verified.changes !== this.#changes) return null
    return this.#verified.hashes
  }

  /**
   * Reads back from the store and hashes what of each disk was not read back since it was last written, unless that is
   * under way or done. Resolves when hashes are there, or content changed meanwhile.
   */
  async verify(attempt: number): Promise<void> {
    if (this.hashes(attempt) !== null || this.#verifying?.attempt === attempt) return
    this.stopVerifying()
    const verifying = { attempt, abort: new AbortController() }
    this.#verifying = verifying
    try {
      const changes = this.#changes
      const hashes: DiskHash[] = []
      for (const { key, sizeBytes } of this.record.disks) {
        const { device, table } = await this.#disks.open(key)
        verifying.abort.signal.throwIfAborted()
        await device.flush()
        await table.readBackStale(verifying.abort.signal)
        const hash = await table.digest(verifying.abort.signal)
        if (hash === null) return
        hashes.push({ key, sizeBytes, hash })
      }
      this.#verified = { attempt, changes, hashes }
    } finally {
      if (this.#verifying === verifying) this.#verifying = null
    }
  }

  stopVerifying(): void {
    this.#verifying?.abort.abort(new StreamError('STOPPED', 'Verification was stopped.'))
    this.#verifying = null
  }

  /**
   * From here on a shadow VM may write: the stream is shut out, and each disk begins a new epoch,
   * so that a source that comes back compares instead of trusting its map. Recorded before it returns.
   */
  async giveToShadow(shadowRef: string): Promise<void> {
    if (this.record.holder === 'SHADOW') return
    this.record.holder = 'SHADOW'
    this.record.shadowRef = shadowRef
    for (const disk of this.record.disks) {
      disk.epoch = randomUUID()
      disk.fresh = false
      disk.sweptBytes = 0
      disk.missing = []
    }
    await this.#save()
    await this.endSessions(inUse())
    await this.#disks.forgetHashes()
  }

  /** The shadow VM that holds the disks is live from now on; does nothing when that is known, or when it does not hold them. */
  async accept(atMs: number): Promise<void> {
    if (this.record.holder !== 'SHADOW' || this.record.acceptedAtMs !== null) return
    this.record.acceptedAtMs = atMs
    await this.#save()
  }

  /** Closes the disks, for a shadow VM that runs from them directly. They are opened again once the stream has the replica. */
  async letGoOfDisks(): Promise<void> {
    this.stopVerifying()
    await this.#disks.close()
    for (const { key } of this.record.disks) await this.#store.disks.letGo({ migrationId: this.record.migrationId, key })
  }

  /** The shadow VM is gone: the stream may come back. */
  async giveToStream(): Promise<void> {
    if (this.record.holder === 'STREAM') return
    this.#verified = null
    await this.#disks.forgetHashes()
    this.record.holder = 'STREAM'
    this.record.shadowRef = null
    this.record.acceptedAtMs = null
    await this.#save()
  }

  /**
   * A seed is written from here on, by whoever asks for `seedDevice`: the stream is shut out, and no source's map of what was here
   * before holds. Recorded before it returns.
   */
  async beginSeed(seed: Omit<SeedRecord, 'overwrites'>): Promise<void> {
    this.#demandStream()
    await this.endSessions(new StreamError('SEED_NOT_IMPORTED', 'The VM’s seed is about to be imported. Replication goes on by itself afterwards.'))
    this.record.seed = { ...seed, overwrites: this.record.disks.some(({ fresh }) => !fresh) }
    for (const disk of this.record.disks) Object.assign(disk, { epoch: randomUUID(), fresh: false, sweptBytes: 0, missing: [] })
    await this.#save()
  }

  /** A disk that a seed is written to. */
  async seedDevice(key: string): Promise<BlockDevice> {
    this.#demandStream()
    this.#changes += 1
    return (await this.#disks.open(key)).device
  }

  /** How far the seed is: all of it durable before this is called. */
  async noteSeed(changes: Partial<SeedRecord>, missing: ReadonlyMap<string, [number, number][]>): Promise<void> {
    if (this.record.seed === null) return
    this.#changes += 1
    this.record.seed = { ...this.record.seed, ...changes }
    for (const disk of this.record.disks) disk.missing = missing.get(disk.key) ?? disk.missing
    await this.#save()
  }

  /** The seed is in: the replica is as its epoch says, but for what is missing, and the source goes on from there. Recorded before it returns. */
  async endSeed(epoch: string, importedAtMs: number): Promise<void> {
    if (this.record.seed === null) return
    this.record.seed = { ...this.record.seed, importedAtMs }
    for (const disk of this.record.disks) Object.assign(disk, { epoch, sweptBytes: disk.sizeBytes })
    await this.#save()
  }

  /** The seed is gone before it was in whole, and is waited for no longer: hashes decide what the source sends. Recorded before it returns. */
  async endSeedUnfinished(importedAtMs: number): Promise<void> {
    if (this.record.seed === null) return
    this.record.seed = { ...this.record.seed, importedAtMs }
    for (const disk of this.record.disks) disk.missing = []
    await this.#save()
  }

  async endSessions(error: StreamError): Promise<void> {
    for (const key of this.record.disks.map((disk) => disk.key)) await this.#endSession(key, error)
  }

  async close(): Promise<void> {
    this.#closed = true
    this.stopVerifying()
    await this.endSessions(new StreamError('TARGET_STOPPING', 'The target agent is stopping.'))
    if (this.record.holder === 'SHADOW') await this.#disks.forgetHashes()
    await this.#save().catch(() => {}) // only how far a sweep came would be lost
    await this.#disks.close()
  }

  /** One at a time: disks of one replica share the file. */
  #save(): Promise<void> {
    const saved = this.#saving.then(() => this.#store.save(this.record))
    this.#saving = saved.catch(() => {})
    return saved
  }

  async #endSession(key: string, error: StreamError): Promise<void> {
    const session = this.#sessions.get(key)
    if (session === undefined) return
    session.end(error)
    await session.released
  }

  #demandStream(): void {
    if (this.#closed) throw new StreamError('TARGET_STOPPING', 'The target agent is stopping.')
    if (this.record.holder === 'SHADOW') throw inUse()
  }
}
