import { z } from 'zod'
import { join } from 'node:path'
import { rm } from 'node:fs/promises'
import { diskHash, id } from '@driftless/agent-api'
import type { DesiredSource, DiskHash, GuestState, Problem, SourceDiskObserved, SourceObserved } from '@driftless/agent-api'
import { TokenBucket } from '../block/token-bucket.ts'
import type { Hypervisor } from '../hypervisors/hypervisor.ts'
import { sleep } from '../sleep.ts'
import { readState, writeState } from '../state-file.ts'
import type { Credentials } from '../stream/identity.ts'
import { DiskReplicator } from './disk-replicator.ts'
import { observeDisk } from './disk-observation.ts'
import { finalSync, hashDisks } from './final-sync.ts'
import type { TappedDisk, TappedVm } from './tapped-disk.ts'

/** A failed final sync starts over from the top after this. */
const FINAL_RETRY_MS = 1_000

/** After the proof, the state it rests on is checked this often while the stage lasts. */
const FINAL_WATCH_MS = 500

/** What must outlive the agent: that the guest is off on our account, since when, and whether it was put on again. */
const record = z.object({
  migrationId: id,
  attempt: z.number(),
  askedToShutDown: z.boolean(),
  sourceOffAtMs: z.number().nullable(),
  poweredOnAgain: z.boolean(),
  /** What this attempt proved; taken up again only when the disks still have these hashes. */
  proof: z.object({ finalSyncAtMs: z.number(), hashes: z.array(diskHash) }).nullable(),
})
type Record = z.infer<typeof record>

export interface SourceMigrationOptions {
  migrationId: string
  tap: TappedVm
  hypervisor: Hypervisor
  credentials: Credentials
  siteBucket: TokenBucket
  stateDirectory: string
  now: () => number
  /** Something that the coordinator waits for has changed. */
  changed: () => void
}

interface Proof {
  attempt: number
  finalSyncAtMs: number
  hashes: DiskHash[] | null
}

/** The source's side of one migration. `converge` brings it to what is desired, from wherever it is. */
export class SourceMigration {
  readonly #options: SourceMigrationOptions
  readonly #bucket = new TokenBucket()
  #desired: DesiredSource
  #replicators: { tap: TappedDisk; replicator: DiskReplicator }[] = []
  #guest: GuestState
  #record: Record | null = null
  #final: { attempt: number; abort: AbortController; done: Promise<void> } | null = null
  #proof: Proof | null = null
  #problem: Problem | null = null
  /** What the disks had come to when replication ended. */
  #lastDisks: SourceDiskObserved[] = []

  constructor(options: SourceMigrationOptions, desired: DesiredSource, guest: GuestState) {
    this.#options = options
    this.#desired = desired
    this.#guest = guest
  }

  setDesired(desired: DesiredSource): void {
    this.#desired = desired
  }

  get desired(): DesiredSource {
    return this.#desired
  }

  get tap(): TappedVm {
    return this.#options.tap
  }

  get replicators(): readonly DiskReplicator[] {
    return this.#replicators.map(({ replicator }) => replicator)
  }

  /** The guest as the hypervisor's list shows it; during the final sync our own looks are newer. */
  sawGuest(guest: GuestState): void {
    if (this.#final === null) this.#noteGuest(guest)
  }

  /** One round; never rejects. */
  async converge(): Promise<void> {
    try {
      this.#record ??= (await readState(this.#recordPath(), record)) ?? { migrationId: this.#options.migrationId, attempt: 0, askedToShutDown: false, sourceOffAtMs: null, poweredOnAgain: false, proof: null }
      await this.#converge(this.#desired, this.#record)
    } catch (error) {
      this.#setProblem({ code: 'SOURCE_FAILED', message: messageOf(error) })
    }
  }

  async #converge(desired: DesiredSource, known: Record): Promise<void> {
    if (this.#final !== null && (desired.stage !== 'FINAL' || this.#final.attempt !== desired.attempt)) await this.#stopFinal()
    switch (desired.stage) {
      case 'FINAL':
        this.#replicate(desired)
        if (this.#final === null) this.#startFinal(desired, known)
        return
      case 'RELEASE':
        await this.#stopReplicating(desired)
        if (this.#guest.power === 'OFF') this.#freeze(true)
        break
      case 'STOP':
        await this.#stopReplicating(desired)
        await this.#powerOnAgain(known)
        break
      case 'RETURN':
        this.#freeze(false)
        this.#replicate(desired)
        await this.#powerOnAgain(known)
        break
      default:
        this.#freeze(false)
        this.#replicate(desired)
    }
    this.#setProblem(null)
  }

  #freeze(frozen: boolean): void {
    for (const disk of this.#options.tap.disks) disk.tracking.freeze(frozen)
  }

  #replicate(desired: DesiredSource): void {
    const { tap, credentials, siteBucket, now, migrationId } = this.#options
    if (this.#replicators.length === 0) {
      for (const shape of desired.disks) {
        const disk = tap.disks.find((candidate) => candidate.key === shape.key)
        if (disk === undefined || disk.sizeBytes !== shape.sizeBytes) {
          throw new Error(`Disk "${shape.key}" of ${shape.sizeBytes} bytes is not what VM "${tap.ref}" has now. Cancel this migration and plan it anew.`)
        }
      }
      this.#replicators = tap.disks
        .filter((disk) => desired.disks.some((shape) => shape.key === disk.key))
        .map((disk) => {
          const replicator = new DiskReplicator({
            disk: { migrationId, diskKey: disk.key, sizeBytes: disk.sizeBytes },
            device: disk.device,
            credentials,
            buckets: [this.#bucket, siteBucket],
            now,
          })
          disk.tracking.listen(replicator.sync)
          replicator.start()
          return { tap: disk, replicator }
        })
    }
    this.#bucket.setRate(desired.rateBytesPerSecond)
    tap.throttle.setRate(desired.guestWriteBytesPerSecond)
    for (const { replicator } of this.#replicators) {
      replicator.setTarget(desired.target)
      replicator.setPaused(desired.stage === 'PAUSE')
      if (desired.stage !== 'FINAL') replicator.setUrgent(false)
    }
  }

  /** Only what this migration began is undone: the VM may be in another migration by now. */
  async #stopReplicating(desired: DesiredSource): Promise<void> {
    if (this.#replicators.length === 0) return
    this.#lastDisks = this.#observeDisks(desired)
    this.#freeze(false)
    this.#options.tap.throttle.setRate(null)
    const stopping = this.#replicators
    this.#replicators = []
    for (const { tap, replicator } of stopping) {
      tap.tracking.listen(null)
      await replicator.stop()
    }
  }

  #startFinal(desired: DesiredSource, known: Record): void {
    const abort = new AbortController()
    const done = this.#runFinal(desired, known, abort.signal).catch((error: unknown) => {
      if (!abort.signal.aborted) this.#setProblem({ code: 'SOURCE_FAILED', message: messageOf(error) })
    })
    this.#final = { attempt: desired.attempt, abort, done }
  }

  async #stopFinal(): Promise<void> {
    const final = this.#final
    this.#final = null
    this.#proof = null
    final?.abort.abort(new Error('The final sync was called off.'))
    await final?.done
  }

  /** Runs as long as the stage lasts: a failure, or a target that lost the replica, sends it back to the top. */
  async #runFinal(desired: DesiredSource, known: Record, signal: AbortSignal): Promise<void> {
    const { hypervisor, now, changed, tap } = this.#options
    while (!signal.aborted) {
      try {
        if (await this.#takeUpProof(desired.attempt, signal)) return
        await finalSync({
          vmRef: tap.ref,
          hypervisor,
          disks: this.#replicators,
          shutdownSeconds: desired.shutdownSeconds,
          now,
          onGuest: (guest) => this.#noteGuest(guest),
          onAsked: () => this.#remember({ ...known, attempt: desired.attempt, askedToShutDown: true, sourceOffAtMs: null, poweredOnAgain: false, proof: null }),
          onOff: () => this.#rememberOff(desired.attempt),
          onProblem: (problem) => this.#setProblem(problem),
        }, signal)
        const proof: Proof = { attempt: desired.attempt, finalSyncAtMs: now(), hashes: null }
        this.#proof = proof
        changed()
        const hashes = await hashDisks(this.#replicators.map((disk) => disk.tap), signal)
        if (this.#record !== null) await this.#remember({ ...this.#record, proof: { finalSyncAtMs: proof.finalSyncAtMs, hashes } })
        proof.hashes = hashes
        this.#setProblem(null)
        changed()
        while (this.#replicators.every(({ replicator }) => replicator.sync.isClean)) await sleep(FINAL_WATCH_MS, signal)
        if (this.#record !== null) await this.#remember({ ...this.#record, proof: null }) // the target lost the replica
      } catch (error) {
        if (signal.aborted) return
        this.#setProblem({ code: 'SOURCE_FAILED', message: messageOf(error) })
        await sleep(FINAL_RETRY_MS, signal)
      }
      this.#proof = null
    }
  }

  /** After a restart: the proof of this attempt still stands if the guest is off and its disks have the same hashes. */
  async #takeUpProof(attempt: number, signal: AbortSignal): Promise<boolean> {
    const { hypervisor, tap, changed } = this.#options
    const stored = this.#record?.attempt === attempt ? this.#record.proof : null
    if (stored === null || this.#proof !== null) return false
    const vm = await hypervisor.findVm(tap.ref)
    if (vm?.guest.power !== 'OFF') return false
    this.#noteGuest(vm.guest)
    this.#freeze(true)
    const hashes = await hashDisks(this.#replicators.map((disk) => disk.tap), signal)
    const same = hashes.every(({ key, hash }) => stored.hashes.some((one) => one.key === key && one.hash === hash))
    if (!same) return false
    this.#proof = { attempt, finalSyncAtMs: stored.finalSyncAtMs, hashes }
    changed()
    return true
  }

  /** Puts the guest on again if it is off on our account, once: a person may switch it off later. */
  async #powerOnAgain(known: Record): Promise<void> {
    if (!known.askedToShutDown || known.poweredOnAgain) return
    const { hypervisor, tap } = this.#options
    const vm = await hypervisor.findVm(tap.ref)
    if (vm?.guest.power === 'OFF') await hypervisor.powerOn(tap.ref)
    const after = await hypervisor.findVm(tap.ref)
    if (after === null) return
    this.#noteGuest(after.guest)
    if (after.guest.power === 'ON') await this.#remember({ ...known, poweredOnAgain: true })
  }

  async #rememberOff(attempt: number): Promise<void> {
    const known = this.#record
    if (known === null || (known.attempt === attempt && known.sourceOffAtMs !== null)) return
    await this.#remember({ ...known, attempt, sourceOffAtMs: this.#options.now(), proof: null })
    this.#options.changed()
  }

  async #remember(next: Record): Promise<void> {
    this.#record = next
    await writeState(this.#recordPath(), next)
  }

  #recordPath(): string {
    return join(this.#options.stateDirectory, `${Buffer.from(this.#options.migrationId).toString('hex').slice(0, 200)}.json`)
  }

  #noteGuest(guest: GuestState): void {
    const differs = guest.power !== this.#guest.power || guest.health !== this.#guest.health
    this.#guest = guest
    if (differs) this.#options.changed()
  }

  #setProblem(problem: Problem | null): void {
    if (problem?.code === this.#problem?.code && problem?.message === this.#problem?.message) return
    this.#problem = problem
    this.#options.changed()
  }

  observe(): SourceObserved {
    const { stage, attempt, migrationId } = this.#desired
    const replicators = this.replicators
    const proof = stage === 'FINAL' && this.#proof?.attempt === attempt ? this.#proof : null
    const ofThisAttempt = stage === 'FINAL' && this.#record?.attempt === attempt && this.#guest.power === 'OFF'
    return {
      migrationId,
      stage,
      attempt,
      connected: replicators.length > 0 && replicators.every((replicator) => replicator.connected),
      disks: this.#observeDisks(this.#desired),
      guest: this.#guest,
      sourceOffAtMs: ofThisAttempt ? (this.#record?.sourceOffAtMs ?? null) : null,
      finalSyncAtMs: proof?.finalSyncAtMs ?? null,
      hashes: proof?.hashes ?? null,
      problem: this.#problem ?? (proof === null ? this.#linkProblem() : null),
    }
  }

  /** Once there is proof the target may shut the stream out: it boots from the replica. Before, trouble counts. */
  #linkProblem(): Problem | null {
    return this.replicators.find((replicator) => replicator.problem !== null)?.problem ?? null
  }

  #observeDisks({ disks, stage }: DesiredSource): SourceDiskObserved[] {
    const nowMs = this.#options.now()
    return disks.map((shape) => {
      const replicator = this.replicators.find((one) => one.disk.diskKey === shape.key) ?? null
      const last = replicator === null ? this.#lastDisks.find((one) => one.key === shape.key) : undefined
      return last === undefined ? observeDisk(shape, replicator, stage, nowMs) : { ...last, status: 'STOPPED' }
    })
  }

  /** The agent stops: everything is left as it is, and taken up again from the record. */
  async close(): Promise<void> {
    await this.#stopFinal()
    await this.#stopReplicating(this.#desired)
  }

  /** The migration is no longer wanted at all: forget it. */
  async forget(): Promise<void> {
    await this.close()
    await rm(this.#recordPath(), { force: true })
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error)).slice(0, 500)
