import { rm } from 'node:fs/promises'
import type { DesiredSource, GuestState, Problem, SourceDiskObserved, SourceObserved } from '@driftless/agent-api'
import { ORDER_REFUSED } from '@driftless/domain'
import { TokenBucket } from '../block/token-bucket.ts'
import type { Hypervisor } from '../hypervisors/hypervisor.ts'
import { removeTable } from '../proof/piece-table.ts'
import type { Orders } from '../orders/order-authority.ts'
import { OrderRefused } from '../orders/order-refused.ts'
import { powerOffAgreed, sourceRefusal } from '../orders/rule.ts'
import type { PowerOffAgreed } from '../orders/rule.ts'
import type { SeedKit } from '../seed/kit.ts'
import { SourceSeed } from '../seed/source-seed.ts'
import type { LinkTarget } from '../stream/disk-link.ts'
import type { Credentials } from '../stream/identity.ts'
import { CrashPoint } from './crash-point.ts'
import { DiskReplicator } from './disk-replicator.ts'
import { observeDisk, seeding } from './disk-observation.ts'
import { FinalStage } from './final-stage.ts'
import { GuestThrottle } from './guest-throttle.ts'
import { leftPathOf } from './left-file.ts'
import { MigrationRecord, seedPathOf, tablePathOf, wayBackPathOf } from './migration-record.ts'
import { WayBackReceiver, spoilWayBack } from './way-back-receiver.ts'
import type { DiskTap } from '../tap/disk-tap.ts'
import type { VmTap } from '../tap/vm-tap.ts'

export interface SourceMigrationOptions {
  migrationId: string
  tap: VmTap
  hypervisor: Hypervisor
  credentials: Credentials
  /** Caps on sending, asked after the VM's own in this order: the wave's, the site's. */
  buckets: TokenBucket[]
  /** Whose orders count. */
  orders: Orders
  stateDirectory: string
  now: () => number
  /** Something that the coordinator waits for has changed. */
  changed: () => void
  lanesFromMs: number | undefined
  /** Null: this agent takes no part in seeds. */
  seeds: SeedKit | null
  /** See `SeedExportOptions`. */
  seedChunkBytes?: number | undefined
}

/** The source's side of one migration. `converge` brings it to what is desired, from wherever it is. */
export class SourceMigration {
  readonly #options: SourceMigrationOptions
  readonly #throttle: GuestThrottle
  readonly #ownBucket = new TokenBucket()
  #desired: DesiredSource
  #replicators: { tap: DiskTap; replicator: DiskReplicator }[] = []
  #guest: GuestState
  #record: MigrationRecord | null = null
  #final: FinalStage | null = null
  #point: CrashPoint | null = null
  #wayBack: WayBackReceiver | null = null
  readonly #seed: SourceSeed
  #sweepHeld = false
  /** The VM was seen running while its disks were to follow the shadow VM's. */
  #wayBackSpoiled = false
  #problem: Problem | null = null
  /** The migrated VM carries its mark. */
  #retired = false
  /** What the disks had come to when replication ended. */
  #lastDisks: SourceDiskObserved[] = []

  constructor(options: SourceMigrationOptions, desired: DesiredSource, guest: GuestState) {
    this.#options = options
    this.#throttle = new GuestThrottle(options.tap.throttle, options.now)
    this.#desired = desired
    this.#guest = guest
    const { migrationId, stateDirectory, credentials, seeds, now, changed, seedChunkBytes } = options
    this.#seed = new SourceSeed({
      basePath: seedPathOf(stateDirectory, migrationId), migrationId, sourceAgentId: credentials.agentId, kit: seeds, held: () => this.#sweepHeld, now, changed, chunkBytes: seedChunkBytes,
    })
  }

  setDesired(desired: DesiredSource): void {
    this.#desired = desired
  }

  get desired(): DesiredSource {
    return this.#desired
  }

  get tap(): VmTap {
    return this.#options.tap
  }

  get replicators(): readonly DiskReplicator[] {
    return this.#replicators.map(({ replicator }) => replicator)
  }

  /** Whether first copies, seeds and comparisons wait for another VM's cutover. */
  setSweepHeld(held: boolean): void {
    this.#sweepHeld = held
    for (const { replicator } of this.#replicators) replicator.setSweepHeld(held)
  }

  /** The guest as the hypervisor's list shows it; during the final sync our own looks are newer. */
  sawGuest(guest: GuestState): void {
    if (this.#final === null) this.#noteGuest(guest)
  }

  /** One round; never rejects. */
  async converge(): Promise<void> {
    try {
      this.#record ??= await MigrationRecord.open(this.#options.stateDirectory, this.#options.migrationId)
      await this.#converge(this.#desired, this.#record)
    } catch (error) {
      this.#setProblem({ code: error instanceof OrderRefused ? error.code : 'SOURCE_FAILED', message: messageOf(error) })
    }
  }

  /** Throws `OrderRefused` where a person's signed decision is missing: everything is then left as it is. */
  #permit(desired: DesiredSource, record: MigrationRecord): void {
    const { orders, credentials, now } = this.#options
    const order = orders.read(desired.order)
    const refusal = order && sourceRefusal(credentials.agentId, desired, record.history, order.shown, now())
    if (refusal !== null) throw new OrderRefused(refusal)
  }

  /** Never without an order: an agent that knows of no key powers nothing off. */
  #powerOffAgreed(): PowerOffAgreed | null {
    const { orders, credentials, now } = this.#options
    const order = orders.read(this.#desired.order)
    return order && powerOffAgreed(credentials.agentId, this.#desired, order.shown, now())
  }

  async #converge(desired: DesiredSource, record: MigrationRecord): Promise<void> {
    this.#permit(desired, record)
    if (this.#problem?.code === ORDER_REFUSED) this.#setProblem(null)
    if (this.#final !== null && (desired.stage !== 'FINAL' || this.#final.attempt !== desired.attempt)) await this.#stopFinal()
    if (this.#point !== null && (desired.stage !== 'REPLICATE' || desired.test?.id !== this.#point.testId)) await this.#stopPoint()
    if (this.#wayBack !== null && !((desired.stage === 'REVERSE' || desired.stage === 'TAKE_BACK') && desired.attempt === this.#wayBack.attempt)) await this.#stopWayBack(true)
    switch (desired.stage) {
      case 'REVERSE':
      case 'TAKE_BACK':
        await this.#stopReplicating(desired)
        if (record.history.begun !== null) await record.release()
        return this.#takeBack(desired)
      case 'FINAL':
        await this.#replicate(desired)
        this.#final ??= this.#startFinal(desired, record)
        return
      case 'RELEASE':
        await this.#stopReplicating(desired)
        if (record.history.begun !== null) await record.release()
        if (this.#guest.power === 'OFF') {
          this.#freeze(true)
          await this.#retire()
        }
        break
      case 'STOP':
        await this.#stopReplicating(desired)
        await this.#seed.forget()
        await this.#powerOnAgain(record)
        await record.returned()
        break
      case 'RETURN':
        this.#freeze(false)
        await this.#replicate(desired)
        // First: once it is seen on, the coordinator goes on to what a VM that is still handed over is refused.
        await record.returned()
        await this.#powerOnAgain(record)
        break
      default:
        this.#freeze(false)
        await this.#replicate(desired)
        await record.returned()
        if (desired.stage === 'REPLICATE' && desired.test) this.#point ??= this.#startPoint(desired.test.id)
    }
    this.#setProblem(null)
  }

  #freeze(frozen: boolean): void {
    for (const disk of this.#options.tap.disks) disk.freeze(frozen)
  }

  async #replicate(desired: DesiredSource): Promise<void> {
    const { tap, credentials, buckets, now, migrationId, stateDirectory, lanesFromMs } = this.#options
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
            tap: disk,
            credentials,
            buckets: [this.#ownBucket, ...buckets],
            tablePath: tablePathOf(stateDirectory, migrationId, disk.key),
            now,
            lanesFromMs,
          })
          replicator.start()
          return { tap: disk, replicator }
        })
    }
    this.#ownBucket.setRate(desired.vmRateBytesPerSecond ?? null)
    if (tap.disks.every(({ slows }) => slows !== false)) this.#throttle.converge(desired, this.#replicators)
    for (const { replicator } of this.#replicators) {
      replicator.setTarget(this.#linkTarget(desired))
      replicator.setPaused(desired.stage === 'PAUSE' || this.#travelsByDevice(desired))
      if (desired.stage !== 'FINAL') replicator.setUrgent(false)
    }
    if (desired.seed == null) await this.#seed.forget()
    else await this.#seed.converge(desired.seed, this.#replicators)
  }

  /** Nothing is sent meanwhile: the target has nothing that it could be added to. */
  #travelsByDevice({ seed }: DesiredSource): boolean {
    return seed != null && (seed.step !== 'CATCH_UP' || !this.#seed.isReady(this.#replicators))
  }

  #linkTarget({ target, streamKey }: DesiredSource): LinkTarget | null {
    if (target === null || streamKey === undefined) return target
    return { ...target, pairing: { key: streamKey, sourceAgentId: this.#options.credentials.agentId, targetAgentId: target.agentId } }
  }

  /** Only what this migration began is undone: the VM may be in another migration by now. */
  async #stopReplicating(desired: DesiredSource): Promise<void> {
    if (this.#replicators.length === 0) return
    this.#lastDisks = this.#observeDisks(desired)
    if (desired.stage !== 'RELEASE' || this.#guest.power !== 'OFF') this.#freeze(false)
    this.#throttle.release()
    const stopping = this.#replicators
    this.#replicators = []
    const seedStopped = this.#seed.stop()
    for (const { replicator } of stopping) await replicator.stop()
    await seedStopped
  }

  #startFinal(desired: DesiredSource, record: MigrationRecord): FinalStage {
    const { hypervisor, now, changed, tap } = this.#options
    return new FinalStage({
      vmRef: tap.ref,
      attempt: desired.attempt,
      shutdownSeconds: desired.shutdownSeconds,
      hypervisor,
      disks: this.#replicators,
      record,
      targetAgentId: desired.target?.agentId ?? null,
      permit: () => this.#permit(this.#desired, record),
      powerOffAgreed: () => this.#powerOffAgreed(),
      now,
      changed,
      onGuest: (guest) => this.#noteGuest(guest),
      onProblem: (problem) => this.#setProblem(problem),
    })
  }

  #startPoint(testId: string): CrashPoint {
    const { hypervisor, now, changed, tap } = this.#options
    const findGuest = async () => (await hypervisor.findVm(tap.ref))?.guest ?? this.#guest
    return new CrashPoint({ testId, gate: tap.gate, disks: this.#replicators, findGuest, now, changed })
  }

  /** What the shadow VM writes comes into our own disks, which nobody else may write to meanwhile. */
  async #takeBack(desired: DesiredSource): Promise<void> {
    const { hypervisor, tap, credentials, changed, migrationId, stateDirectory } = this.#options
    const vm = await hypervisor.findVm(tap.ref)
    if (vm !== null) this.#noteGuest(vm.guest)
    if (vm?.guest.power !== 'OFF') {
      await this.#stopWayBack(false)
      if (!this.#wayBackSpoiled) await spoilWayBack(wayBackPathOf(stateDirectory, migrationId), desired.attempt, desired.disks)
      this.#wayBackSpoiled = true
      throw new Error(`VM "${tap.ref}" is not off, so what its shadow VM writes cannot be taken back into its disks. Power it off at the source; both must never run at once.`)
    }
    this.#freeze(true)
    this.#wayBackSpoiled = false
    this.#wayBack ??= new WayBackReceiver({
      migrationId, attempt: desired.attempt, taps: tap.disks, disks: desired.disks, credentials, changed, statePath: wayBackPathOf(stateDirectory, migrationId),
    })
    this.#wayBack.setTarget(this.#linkTarget(desired))
    if (desired.stage === 'TAKE_BACK') this.#wayBack.hash()
    this.#setProblem(this.#wayBack.problem)
  }

  async #stopWayBack(forget: boolean): Promise<void> {
    const wayBack = this.#wayBack
    this.#wayBack = null
    await wayBack?.stop(forget)
  }

  async #stopPoint(): Promise<void> {
    const point = this.#point
    this.#point = null
    await point?.stop()
  }

  async #stopFinal(): Promise<void> {
    const final = this.#final
    this.#final = null
    await final?.stop()
  }

  async #retire(): Promise<void> {
    if (this.#retired) return
    const { hypervisor, tap } = this.#options
    await hypervisor.retire?.(tap.ref)
    this.#retired = true
  }

  /** Puts the guest on again if it is off on our account, once: a person may switch it off later. */
  async #powerOnAgain(record: MigrationRecord): Promise<void> {
    if (!record.facts.askedToShutDown || record.facts.poweredOnAgain) return
    const { hypervisor, tap } = this.#options
    const vm = await hypervisor.findVm(tap.ref)
    if (vm?.guest.power === 'OFF') await hypervisor.powerOn(tap.ref)
    const after = await hypervisor.findVm(tap.ref)
    if (after === null) return
    this.#noteGuest(after.guest)
    if (after.guest.power === 'ON') await record.change({ poweredOnAgain: true })
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
    const proof = stage === 'FINAL' && this.#final?.attempt === attempt ? this.#final.proof : null
    const facts = this.#record?.facts
    const off = stage === 'FINAL' && facts?.attempt === attempt && this.#guest.power === 'OFF'
    return {
      migrationId,
      stage,
      attempt,
      connected: this.#wayBack?.connected ?? (replicators.length > 0 && replicators.every((replicator) => replicator.connected)),
      disks: this.#observeDisks(this.#desired),
      guest: this.#guest,
      sourceOffAtMs: off ? facts.sourceOffAtMs : null,
      poweredOff: off && facts.poweredOff?.attempt === attempt ? { atMs: facts.poweredOff.atMs, agreedBy: facts.poweredOff.by } : null,
      finalSyncAtMs: proof?.finalSyncAtMs ?? null,
      reread: proof?.reread ?? null,
      hashes: stage === 'TAKE_BACK' ? (this.#wayBack?.hashes ?? null) : (proof?.hashes ?? null),
      guestThrottle: this.#throttle.observe(),
      problem: this.#problem ?? (proof === null ? (this.#tapProblem() ?? this.#linkProblem()) : null),
      test: this.#point?.observed ?? null,
      seed: this.#desired.seed == null ? null : this.#seed.observe(this.#desired.seed, this.#replicators),
    }
  }

  #tapProblem(): Problem | null {
    return this.#options.tap.disks.find(({ problem }) => problem != null)?.problem ?? null
  }

  /** Once there is proof the target may shut the stream out: it boots from the replica. Before, trouble counts. */
  #linkProblem(): Problem | null {
    return this.replicators.find((replicator) => replicator.problem !== null)?.problem ?? null
  }

  #observeDisks({ disks, stage, seed }: DesiredSource): SourceDiskObserved[] {
    const nowMs = this.#options.now()
    const travelling = seed != null && seed.step !== 'CATCH_UP'
    return disks.map((shape) => {
      const replicator = this.replicators.find((one) => one.disk.diskKey === shape.key) ?? null
      const last = replicator === null ? this.#lastDisks.find((one) => one.key === shape.key) : undefined
      if (last !== undefined) return { ...last, status: 'STOPPED' }
      const observed = observeDisk(shape, this.#usedBytesOf(shape.key), replicator, stage, nowMs)
      const at = this.#replicators.findIndex((one) => one.replicator === replicator)
      return travelling && at >= 0 ? seeding(observed, this.#seed.disks?.[at] ?? null, this.#seed.begunAtMs ?? nowMs) : observed
    })
  }

  #usedBytesOf(key: string): number {
    return this.#options.tap.disks.find((disk) => disk.key === key)?.usedBytes ?? 0
  }

  /** The agent stops: everything is left as it is, and taken up again from the record. */
  async close(): Promise<void> {
    await this.#stopPoint()
    await this.#stopWayBack(false)
    await this.#stopFinal()
    await this.#stopReplicating(this.#desired)
  }

  /** The migration is no longer wanted at all: forget it. */
  async forget(): Promise<void> {
    await this.close()
    const { stateDirectory, migrationId, tap } = this.#options
    await this.#seed.forget()
    for (const { key } of this.#desired.disks) {
      await removeTable(tablePathOf(stateDirectory, migrationId, key))
      await rm(leftPathOf(tablePathOf(stateDirectory, migrationId, key)), { force: true })
    }
    for (const { key, history } of tap.disks) if (this.#desired.disks.some((disk) => disk.key === key)) await history.forget?.()
    const record = await MigrationRecord.open(stateDirectory, migrationId)
    if (!record.facts.released) await record.remove()
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error)).slice(0, 500)
