import type { DesiredSource, GuestState, Problem, SourceObserved } from '@driftless/agent-api'
import { ORDER_REFUSED } from '@driftless/domain'
import type { Hypervisor } from '../hypervisors/hypervisor.ts'
import type { Orders } from '../orders/order-authority.ts'
import { OrderRefused } from '../orders/order-refused.ts'
import { powerOffAgreed, sourceRefusal } from '../orders/rule.ts'
import type { PowerOffAgreed } from '../orders/rule.ts'
import { CrashPoint } from './crash-point.ts'
import type { DiskReplicator } from './disk-replicator.ts'
import { FinalStage } from './final-stage.ts'
import { MigrationRecord, wayBackPathOf } from './migration-record.ts'
import { VmReplication, linkTarget } from './vm-replication.ts'
import type { VmReplicationOptions } from './vm-replication.ts'
import { WayBackReceiver, spoilWayBack } from './way-back-receiver.ts'
import type { VmTap } from '../tap/vm-tap.ts'

export interface SourceMigrationOptions extends VmReplicationOptions {
  readonly hypervisor: Hypervisor
  /** Whose orders count. */
  readonly orders: Orders
}

/** The source's side of one migration. `converge` brings it to what is desired, from wherever it is. */
export class SourceMigration {
  readonly #options: SourceMigrationOptions
  readonly #replication: VmReplication
  #desired: DesiredSource
  #guest: GuestState
  #record: MigrationRecord | null = null
  #final: FinalStage | null = null
  #point: CrashPoint | null = null
  #wayBack: WayBackReceiver | null = null
  /** The VM was seen running while its disks were to follow the shadow VM's. */
  #wayBackSpoiled = false
  #problem: Problem | null = null
  /** The migrated VM carries its mark. */
  #retired = false

  constructor(options: SourceMigrationOptions, desired: DesiredSource, guest: GuestState) {
    this.#options = options
    this.#replication = new VmReplication(options)
    this.#desired = desired
    this.#guest = guest
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
    return this.#replication.disks.map(({ replicator }) => replicator)
  }

  /** Whether first copies, seeds and comparisons wait for another VM's cutover. */
  setSweepHeld(held: boolean): void {
    this.#replication.setSweepHeld(held)
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
        await this.#replication.converge(desired)
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
        await this.#replication.forgetSeed()
        await this.#powerOnAgain(record)
        await record.returned()
        break
      case 'RETURN':
        this.#freeze(false)
        await this.#replication.converge(desired)
        // First: once it is seen on, the coordinator goes on to what a VM that is still handed over is refused.
        await record.returned()
        await this.#powerOnAgain(record)
        break
      default:
        this.#freeze(false)
        await this.#replication.converge(desired)
        await record.returned()
        if (desired.stage === 'REPLICATE' && desired.test) this.#point ??= this.#startPoint(desired.test.id)
    }
    this.#setProblem(null)
  }

  #freeze(frozen: boolean): void {
    for (const disk of this.#options.tap.disks) disk.freeze(frozen)
  }

  /** Only what this migration began is undone: the VM may be in another migration by now. */
  async #stopReplicating(desired: DesiredSource): Promise<void> {
    if (!this.#replication.isRunning) return
    if (desired.stage !== 'RELEASE' || this.#guest.power !== 'OFF') this.#freeze(false)
    await this.#replication.stop(desired)
  }

  #startFinal(desired: DesiredSource, record: MigrationRecord): FinalStage {
    const { hypervisor, now, changed, tap } = this.#options
    return new FinalStage({
      vmRef: tap.ref,
      attempt: desired.attempt,
      shutdownSeconds: desired.shutdownSeconds,
      hypervisor,
      disks: this.#replication.disks,
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
    return new CrashPoint({ testId, gate: tap.gate, disks: this.#replication.disks, findGuest, now, changed })
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
    this.#wayBack.setTarget(linkTarget(desired, credentials.agentId))
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
      disks: this.#replication.observeDisks(this.#desired),
      guest: this.#guest,
      sourceOffAtMs: off ? facts.sourceOffAtMs : null,
      poweredOff: off && facts.poweredOff?.attempt === attempt ? { atMs: facts.poweredOff.atMs, agreedBy: facts.poweredOff.by } : null,
      finalSyncAtMs: proof?.finalSyncAtMs ?? null,
      reread: proof?.reread ?? null,
      hashes: stage === 'TAKE_BACK' ? (this.#wayBack?.hashes ?? null) : (proof?.hashes ?? null),
      guestThrottle: this.#replication.observeThrottle(),
      problem: this.#problem ?? (proof === null ? this.#replication.problem : null),
      test: this.#point?.observed ?? null,
      seed: this.#replication.observeSeed(this.#desired),
    }
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
    const { stateDirectory, migrationId } = this.#options
    await this.#replication.forget(this.#desired)
    const record = await MigrationRecord.open(stateDirectory, migrationId)
    if (!record.facts.released) await record.remove()
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error)).slice(0, 500)
