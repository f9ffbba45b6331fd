import { randomUUID } from 'node:crypto'
import type { DesiredSourceSeed, Problem, SourceSeedObserved } from '@driftless/agent-api'
import type { DiskReplicator } from '../replicator/disk-replicator.ts'
import type { DiskTap } from '../tap/disk-tap.ts'
import { newDataKey, wrapKey } from './data-key.ts'
import { SeedError, messageOf } from './error.ts'
import { ExportRecord, removeExport } from './export-record.ts'
import type { SeedKit } from './kit.ts'
import { SeedExport } from './seed-export.ts'
import type { ExportProgress } from './seed-export.ts'

/** After a failure; a person may be looking for a device meanwhile. */
const RETRY_MS = 3_000

export interface SeedDisk {
  readonly tap: DiskTap
  readonly replicator: DiskReplicator
}

export interface SourceSeedOptions {
  /** Its files begin with this path. */
  readonly basePath: string
  readonly migrationId: string
  readonly sourceAgentId: string
  /** Null: this agent takes no part in seeds. */
  readonly kit: SeedKit | null
  /** The disks are wanted by another VM's cutover: wait. */
  readonly held: () => boolean
  readonly now: () => number
  readonly changed: () => void
  readonly chunkBytes?: number | undefined
}

/** The source's side of one VM's seed: its writes are remembered from the export's first moment, the export runs, and is taken up after a kill. */
export class SourceSeed {
  readonly #options: SourceSeedOptions
  /** Undefined: not looked for yet. */
  #record: ExportRecord | null | undefined = undefined
  /** Whose writes count since the seed began. */
  #tracked: DiskReplicator | null = null
  #tracking: Promise<void> | null = null
  #export: { readonly work: SeedExport; readonly abort: AbortController; readonly done: Promise<void> } | null = null
  #hasTurn = false
  #problem: Problem | null = null
  #notBeforeMs = 0
  #places = ''

  constructor(options: SourceSeedOptions) {
    this.#options = options
  }

  /** Nothing may be sent before: it is not known yet what a seed will bring. */
  isReady(disks: readonly SeedDisk[]): boolean {
    return disks.length > 0 && this.#tracked === disks[0]?.replicator
  }

  /** One round towards what is desired. Rejects with `SeedError`, or what went wrong with the agent's own files. */
  async converge(desired: DesiredSourceSeed, disks: readonly SeedDisk[]): Promise<void> {
    const { basePath } = this.#options
    if (desired.places.join() !== this.#places) this.#notBeforeMs = 0
    this.#places = desired.places.join()
    if (this.#record === undefined) this.#record = await ExportRecord.find(basePath)
    const { facts } = this.#record ?? {}
    const other = facts !== undefined && (facts.shipmentId !== desired.shipmentId || (facts.done === null && facts.recipientKey !== desired.recipientKey))
    if (desired.step === 'EXPORT' && (facts === undefined || other)) {
      if (this.#tracking !== null) return // it may wait for the hypervisor
      await this.stop()
      this.#record = await this.#begin(desired)
      this.#tracked = null
    }
    if (!this.isReady(disks)) this.#track(desired, disks)
    else await this.#noteLost(disks)
    if (desired.step === 'EXPORT' && this.isReady(disks) && this.#record?.facts.done === null) this.#run(this.#record, desired, disks)
    if (desired.step !== 'EXPORT') await this.#stopExport()
  }

  #begin({ shipmentId, recipientKey }: DesiredSourceSeed): Promise<ExportRecord> {
    const { basePath, migrationId, now } = this.#options
    const seedId = randomUUID()
    const dataKey = newDataKey()
    return ExportRecord.begin(basePath, {
      shipmentId, seedId, recipientKey, key: wrapKey(dataKey, recipientKey, { seedId, shipmentId, migrationId }), dataKey: dataKey.toString('base64'),
      begunAtMs: Math.floor(now()), tracked: false, compare: false, devices: [], done: null,
    })
  }

  #track(desired: DesiredSourceSeed, disks: readonly SeedDisk[]): void {
    const record = this.#record?.facts.shipmentId === desired.shipmentId ? this.#record : null
    this.#tracking ??= this.#trackAll(record, disks)
      .catch((error: unknown) => this.#failed(error))
      .finally(() => {
        this.#tracking = null
      })
  }

  async #trackAll(record: ExportRecord | null, disks: readonly SeedDisk[]): Promise<void> {
    // A seed that this agent knows nothing of: the tap's own memory of the replica counts, or hashes do.
    if (record !== null) {
      const { seedId, tracked, compare } = record.facts
      const whole = await Promise.all(disks.map(({ replicator }) => replicator.track(seedId, !tracked ? 'BEGIN' : compare ? 'COMPARE' : 'RESUME')))
      await record.change({ tracked: true, compare: compare || whole.includes(false) })
    }
    this.#tracked = disks[0]?.replicator ?? null
    this.#options.changed()
  }

  /** A tap that has lost sight of writes: what is remembered must not count in the next life either. */
  async #noteLost(disks: readonly SeedDisk[]): Promise<void> {
    const record = this.#record
    if (record?.facts.compare === false && disks.some(({ replicator }) => replicator.mustCompare)) await record.change({ compare: true })
  }

  #run(record: ExportRecord, desired: DesiredSourceSeed, disks: readonly SeedDisk[]): void {
    const { kit, migrationId, sourceAgentId, held, now, changed, chunkBytes } = this.#options
    if (this.#export !== null || now() < this.#notBeforeMs) return
    if (kit?.places == null) return this.#setProblem(noPlaces())
    const work = new SeedExport({
      record, migrationId, sourceAgentId, places: kit.places, order: desired.places, keys: kit.keys, held, now, chunkBytes,
      disks: disks.map(({ tap }) => ({ key: tap.key, sizeBytes: tap.sizeBytes, usedBytes: tap.usedBytes, device: tap.device, writtenBytes: () => tap.statistics.writtenBytes })),
    })
    const abort = new AbortController()
    const done = this.#inTurn(kit, work, abort.signal)
      .then(() => this.#setProblem(null))
      .catch((error: unknown) => {
        if (!abort.signal.aborted) this.#failed(error)
      })
      .finally(() => {
        this.#export = null
        changed()
      })
    this.#export = { work, abort, done }
  }

  async #inTurn(kit: SeedKit, work: SeedExport, signal: AbortSignal): Promise<void> {
    const endTurn = await kit.exporting.take(signal)
    this.#hasTurn = true
    this.#options.changed()
    try {
      await work.run(signal)
    } finally {
      this.#hasTurn = false
      endTurn()
    }
  }

  #failed(error: unknown): void {
    this.#notBeforeMs = this.#options.now() + RETRY_MS
    this.#setProblem({
      code: error instanceof SeedError ? error.code : 'SEED_EXPORT_FAILED',
      message: error instanceof SeedError ? error.message : `The seed could not be exported: ${messageOf(error)}. Check the source's storage; it is tried again by itself.`,
    })
  }

  #setProblem(problem: Problem | null): void {
    const cut = problem && { ...problem, message: problem.message.slice(0, 500) }
    if (cut?.code === this.#problem?.code && cut?.message === this.#problem?.message) return
    this.#problem = cut
    this.#options.changed()
  }

  /** In bytes that hold data, disk by disk; null: not known in this life of the agent. */
  get disks(): ExportProgress['disks'] | null {
    const done = this.#record?.facts.done
    return done == null ? (this.#export?.work.progress.disks ?? null) : done.dataBytes.map((bytes) => ({ doneBytes: bytes, totalBytes: bytes }))
  }

  /** Since when writes are remembered; null: it has not begun. */
  get begunAtMs(): number | null {
    return this.#record?.facts.begunAtMs ?? null
  }

  observe({ shipmentId }: DesiredSourceSeed, disks: readonly SeedDisk[]): SourceSeedObserved {
    const facts = this.#record?.facts.shipmentId === shipmentId ? this.#record.facts : null
    const done = facts?.done ?? null
    const stored = done?.storedBytes ?? this.#export?.work.progress.storedBytes ?? []
    const sum = (of: (disk: ExportProgress['disks'][number]) => number) => (this.disks ?? []).reduce((total, disk) => total + of(disk), 0)
    return {
      shipmentId,
      state: done !== null ? 'EXPORTED' : this.#hasTurn ? 'EXPORTING' : 'WAITING',
      doneBytes: sum(({ doneBytes }) => doneBytes),
      totalBytes: sum(({ totalBytes }) => totalBytes),
      storedBytes: stored.reduce((total, bytes) => total + bytes, 0),
      dirtyBytes: disks.reduce((total, { replicator: { sync } }) => total + sync.foregroundLeftBytes + sync.foregroundDoneBytes, 0),
      devices: (facts?.devices ?? []).map(({ place, deviceId }, device) => ({ place, deviceId, storedBytes: stored[device] ?? 0 })),
      manifestHash: done?.manifestHash ?? null,
      exportedAtMs: done?.exportedAtMs ?? null,
      problem: (done === null ? this.#problem : null) ?? (facts?.compare === true ? historyLost() : null),
    }
  }

  async #stopExport(): Promise<void> {
    this.#export?.abort.abort(new SeedError('STOPPED', 'The export was stopped.'))
    await this.#export?.done
  }

  /** Everything stays as it is, and is taken up again by the next life of the agent. */
  async stop(): Promise<void> {
    await this.#stopExport()
    await this.#tracking
    this.#tracked = null
  }

  /** The VM travels by device no more: what is known here is forgotten. What is on the devices stays there, for people to remove. */
  async forget(): Promise<void> {
    if (this.#record === null && this.#export === null) return
    await this.stop()
    await removeExport(this.#options.basePath)
    this.#record = null
    this.#problem = null
  }
}

const noPlaces = (): Problem => ({ code: 'SEED_NO_PLACES', message: 'This source agent was given no folder for devices. Start it with SEED_ROOT, the folder below which devices are mounted; the export then begins by itself.' })

const historyLost = (): Problem => ({
  code: 'SEED_HISTORY_LOST',
  message: 'Writes went unseen while the disks were under way. Nothing is lost: once the seed is imported both sides compare their disks by hash, which reads them whole. Nothing is to be done.',
})
