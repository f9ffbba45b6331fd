import type { DesiredTarget, DesiredTargetSeed, Problem, TargetSeedObserved } from '@driftless/agent-api'
import type { SeedRecord } from '../receiver/replica-store.ts'
import type { Replica } from '../receiver/replica.ts'
import { StreamError } from '../stream/protocol.ts'
import { SeedError, messageOf } from './error.ts'
import { findSeed } from './find-seed.ts'
import type { JudgedSeed } from './find-seed.ts'
import type { SeedKit } from './kit.ts'
import type { Manifest } from './manifest.ts'
import { SeedImport } from './seed-import.ts'

/** After a failure; a person may be looking for a device meanwhile. */
const RETRY_MS = 3_000

/** The target's side of one VM's seed. */
export class TargetSeed {
  readonly #kit: SeedKit | null
  readonly #changed: () => void
  #desired: DesiredTarget | null = null
  #replica: Replica | null = null
  #work: { readonly abort: AbortController; readonly done: Promise<void> } | null = null
  #hasTurn = false
  #problem: Problem | null = null
  #notBeforeMs = 0

  /** `kit` null: this agent takes no part in seeds. */
  constructor(kit: SeedKit | null, changed: () => void) {
    this.#kit = kit
    this.#changed = changed
  }

  /** One round towards what is desired, while the stream may write to the replica. Never rejects for what is wrong with a seed: that is observed. */
  async converge(desired: DesiredTarget, replica: Replica): Promise<void> {
    if (desired.seed?.step === 'WAIT' || isOther(desired.seed, this.#desired?.seed)) {
      await this.stop()
      this.#problem = null
      this.#notBeforeMs = 0
    }
    this.#desired = desired
    this.#replica = replica
    const { seed } = desired
    if (seed == null || seed.step === 'WAIT' || this.#recordOf(seed)?.importedAtMs != null) return
    const begun = this.#recordOf(seed) !== null
    if (seed.step === 'IMPORT' || begun) this.#start(seed, replica)
  }

  /** Throws where a source may not write yet: what it sends rests on what the seed brings. */
  demandImported({ seed }: DesiredTarget, replica: Replica): void {
    this.#replica = replica
    const record = seed == null ? null : this.#recordOf(seed)
    const over = seed == null || record?.importedAtMs != null || (seed.step === 'KEEP' && record === null)
    // One that nobody wants any more may still be writing its last chunk.
    if (over && this.#work === null) return
    throw new StreamError('SEED_NOT_IMPORTED', 'The VM’s disks travel by device, and its seed is not imported yet. Replication goes on by itself afterwards.')
  }

  #recordOf({ shipmentId }: DesiredTargetSeed): SeedRecord | null {
    const record = this.#replica?.record.seed ?? null
    return record?.shipmentId === shipmentId ? record : null
  }

  #start(seed: DesiredTargetSeed, replica: Replica): void {
    if (this.#work !== null || Date.now() < this.#notBeforeMs) return
    const abort = new AbortController()
    const done = this.#import(seed, replica, abort.signal)
      .then(() => this.#setProblem(null))
      .catch((error: unknown) => {
        if (!abort.signal.aborted) this.#failed(error)
      })
      .finally(() => {
        this.#work = null
        this.#changed()
      })
    this.#work = { abort, done }
  }

  async #import(seed: DesiredTargetSeed, replica: Replica, signal: AbortSignal): Promise<void> {
    const kit = this.#kit
    const desired = this.#desired
    if (kit?.places == null || desired === null) throw new SeedError('SEED_NO_PLACES', 'This target agent was given no folder for devices. Start it with SEED_ROOT, the folder below which devices are mounted; the import then begins by itself.')
    const { migrationId, sourceAgentId } = desired
    const judged = await this.#find({ ...kit, places: kit.places }, { migrationId, sourceAgentId, disks: replica.record.disks, desired: seed })
    if (judged === null) return replica.endSeedUnfinished(Date.now())
    await this.#admit(kit, judged, seed, replica)
    const endTurn = await kit.importing.take(signal)
    this.#hasTurn = true
    this.#changed()
    try {
      await new SeedImport(replica, judged).run(() => this.#isGivenUp, signal)
    } finally {
      this.#hasTurn = false
      endTurn()
    }
  }

  get #isGivenUp(): boolean {
    return this.#desired?.seed?.step === 'KEEP'
  }

  /** Null: it is gone in mid-import, and nobody waits for it any more; then hashes decide. */
  async #find(...args: Parameters<typeof findSeed>): Promise<JudgedSeed | null> {
    try {
      return await findSeed(...args)
    } catch (error) {
      if (this.#isGivenUp && error instanceof SeedError) return null
      throw error
    }
  }

  /** Once, and in this replica alone. */
  async #admit(kit: SeedKit, { manifest, manifestHash }: JudgedSeed, { shipmentId }: DesiredTargetSeed, replica: Replica): Promise<void> {
    if (replica.record.seed?.manifestHash !== manifestHash) {
      const whenMs = await kit.imported.when(manifestHash)
      if (whenMs !== null) throw alreadyImported(whenMs)
      await replica.beginSeed({
        shipmentId, manifestHash, positions: manifest.devices.map(() => 0), doneBytes: 0, totalBytes: dataBytesOf(manifest), damagedChunks: 0, damagedBytes: 0, importedAtMs: null,
      })
    }
    await kit.imported.add(manifestHash, Date.now())
  }

  #failed(error: unknown): void {
    this.#notBeforeMs = Date.now() + RETRY_MS
    this.#setProblem({
      code: error instanceof SeedError ? error.code : 'SEED_IMPORT_FAILED',
      message: error instanceof SeedError ? error.message : `The seed could not be imported: ${messageOf(error)}. Check the target's storage; it is tried again by itself.`,
    })
  }

  #setProblem(problem: Problem | null): void {
    const cut = problem && { ...problem, message: problem.message.slice(0, 500) }
    if (cut?.code === this.#problem?.code && cut?.message === this.#problem?.message) return
    this.#problem = cut
    this.#changed()
  }

  get observed(): TargetSeedObserved | null {
    const seed = this.#desired?.seed
    if (seed == null) return null
    const record = this.#recordOf(seed)
    return {
      shipmentId: seed.shipmentId,
      state: record?.importedAtMs != null ? 'IMPORTED' : this.#hasTurn ? 'IMPORTING' : 'WAITING',
      doneBytes: record?.doneBytes ?? 0,
      totalBytes: record?.totalBytes ?? 0,
      damagedChunks: record?.damagedChunks ?? 0,
      damagedBytes: record?.damagedBytes ?? 0,
      manifestHash: record?.manifestHash ?? null,
      importedAtMs: record?.importedAtMs ?? null,
      problem: record?.importedAtMs != null ? null : this.#problem,
    }
  }

  /** What was imported stays, and is gone on with later. */
  async stop(): Promise<void> {
    this.#work?.abort.abort(new SeedError('STOPPED', 'The import was stopped.'))
    await this.#work?.done
  }

  /** The replica is going. */
  async forget(): Promise<void> {
    await this.stop()
    this.#desired = this.#replica = this.#problem = null
  }
}

/** Another shipment, or other places to look for it. */
const isOther = (wanted: DesiredTarget['seed'], before: DesiredTarget['seed']): boolean =>
  wanted?.shipmentId !== before?.shipmentId || wanted?.signerKey !== before?.signerKey || wanted?.places.join() !== before?.places.join()

const dataBytesOf = (manifest: Manifest): number => manifest.disks.reduce((sum, { chunks }) => chunks.reduce((total, [, , , dataBytes]) => total + dataBytes, sum), 0)

const alreadyImported = (whenMs: number): SeedError =>
  new SeedError('SEED_ALREADY_IMPORTED', `This seed was imported here already (${new Date(whenMs).toISOString()}), and would bring what is long out of date. Nothing of it is read again: let the VM go over the wire, or prepare a new shipment.`)
