import { randomUUID } from 'node:crypto'
import type { BlockDevice } from '@driftless/nbd'
import type { DiskHash } from '@driftless/agent-api'
import { hashDevice } from '../block/content.ts'
import { StreamError } from '../stream/protocol.ts'
import type { Hello } from '../stream/protocol.ts'
import type { ReceivingDisk } from './disk-session.ts'
import type { ReplicaRecord, ReplicaStore } from './replica-store.ts'

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

/** One replica in use: its open files, the sessions that write to them, the hashes read back from them. */
export class Replica {
  readonly record: ReplicaRecord
  readonly #store: ReplicaStore
  readonly #devices = new Map<string, BlockDevice>()
  readonly #sessions = new Map<string, Session>()
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
    const device = await this.device(disk.key)
    while (this.#sessions.has(disk.key)) await this.#endSession(disk.key, new StreamError('REPLACED', 'A newer connection for this disk took over.'))
    this.#demandStream()
    const { promise: released, resolve: release } = Promise.withResolvers<void>()
    const session: Session = { diskKey: disk.key, end, released }
    this.#sessions.set(disk.key, session)
    return {
      ok: { epoch: disk.epoch, fresh: disk.fresh },
      device,
      changing: async (offset, length) => {
        this.#changes += 1
        await this.#keeper?.beforeChange(disk.key, offset, length)
        if (!disk.fresh) return
        disk.fresh = false
        await this.#save()
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

  /** The open file of a disk. */
  async device(key: string): Promise<BlockDevice> {
    let device = this.#devices.get(key)
    if (device === undefined) {
      device = await this.#store.openDisk(this.record.migrationId, key)
      this.#devices.set(key, device)
    }
    return device
  }

  /** Hashes taken for this attempt, still true of the disks; null when there are none (yet). */
  hashes(attempt: number): DiskHash[] | null {
    if (this.#verified === null || this.#verified.attempt !== attempt || this.#verified.changes !== this.#changes) return null
    return this.#verified.hashes
  }

  /** Reads every disk back from the store and hashes it, unless that is under way or done. Resolves when hashes are there, or content changed meanwhile. */
  async verify(attempt: number): Promise<void> {
    if (this.hashes(attempt) !== null || this.#verifying?.attempt === attempt) return
    this.stopVerifying()
    const verifying = { attempt, abort: new AbortController() }
    this.#verifying = verifying
    try {
      const changes = this.#changes
      const hashes: DiskHash[] = []
      for (const { key, sizeBytes } of this.record.disks) {
        const device = await this.device(key)
        await device.flush()
        hashes.push({ key, sizeBytes, hash: await hashDevice(device, verifying.abort.signal) })
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
    }
    await this.#save()
    await this.endSessions(inUse())
  }

  /** The shadow VM is gone: the stream may come back. */
  async giveToStream(): Promise<void> {
    if (this.record.holder === 'STREAM') return
    this.#verified = null
    this.record.holder = 'STREAM'
    this.record.shadowRef = null
    await this.#save()
  }

  async endSessions(error: StreamError): Promise<void> {
    for (const key of this.record.disks.map((disk) => disk.key)) await this.#endSession(key, error)
  }

  async close(): Promise<void> {
    this.#closed = true
    this.stopVerifying()
    await this.endSessions(new StreamError('TARGET_STOPPING', 'The target agent is stopping.'))
    for (const device of this.#devices.values()) await device.close()
    this.#devices.clear()
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

const inUse = (): StreamError => new StreamError('REPLICA_IN_USE', 'The shadow VM was started from this replica; the stream may not write to it until the cutover is undone.')
