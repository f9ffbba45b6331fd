import type { DesiredTarget, GuestState, Problem, TargetObserved } from '@driftless/agent-api'
import type { BlockDevice } from '@driftless/nbd'
import type { Hypervisor } from '../hypervisors/hypervisor.ts'
import type { Orders } from '../orders/order-authority.ts'
import { OrderRefused } from '../orders/order-refused.ts'
import { targetRefusal } from '../orders/rule.ts'
import type { TargetHistory } from '../orders/rule.ts'
import { MigrationRecord } from '../replicator/migration-record.ts'
import type { SeedKit } from '../seed/kit.ts'
import { TargetSeed } from '../seed/target-seed.ts'
import type { Connection } from '../stream/connection.ts'
import type { Credentials } from '../stream/identity.ts'
import { demandProof, proofOf } from '../stream/proof.ts'
import type { Pairing } from '../stream/proof.ts'
import { StreamError } from '../stream/protocol.ts'
import type { Hello } from '../stream/protocol.ts'
import type { ContentIndex, TenantContent } from './content-index.ts'
import type { ReceivingDisk } from './disk-session.ts'
import { Replica } from './replica.ts'
import type { ReplicaRecord, ReplicaStore } from './replica-store.ts'
import { Shadow, shadowRefOf } from './shadow.ts'
import { TestBoot } from './test-boot.ts'
import { WayBackSender, isOffOnOurAccount, powerOnAgain } from './way-back-sender.ts'

/** An orderly shutdown of a shadow VM on a return takes as long as at the source: a minute or two. */
const HAND_BACK_SHUTDOWN_SECONDS = 120

/** Rounds that must fail in a row before a hypervisor's trouble is told: a cutover is undone for it. */
const TELL_AFTER_FAILURES = 10

export interface TargetMigrationOptions {
  migrationId: string
  store: ReplicaStore
  hypervisor: Hypervisor
  credentials: Credentials
  nbdDirectory: string
  /** Whose orders count. */
  orders: Orders
  /** Where the target has which content, shared by all its replicas. */
  content: ContentIndex
  /** Null: this agent takes no part in seeds. */
  seeds: SeedKit | null
  /** Something that the coordinator waits for has changed. */
  changed: () => void
}

/**
 * The target's side of one migration. `converge` brings the replica and the shadow VM to what is
 * desired, from wherever they are: it may be called at any time and any number of times.
 */
export class TargetMigration {
  readonly #options: TargetMigrationOptions
  readonly #shadow: Shadow
  readonly #test: TestBoot
  readonly #seed: TargetSeed
  #wayBack: WayBackSender | null = null
  /** What a return has left behind, while the VM is accepted. */
  #returned: MigrationRecord | null = null
  #desired: DesiredTarget | null = null
  /** What the last round that went through was for. */
  #reached: DesiredTarget | null = null
  #replica: Replica | null = null
  #discarded = false
  #guest: GuestState | null = null
  #storedBytes = 0
  #problem: Problem | null = null
  #failures = 0
  /** Of the disks that a source has written to, until they are closed. */
  readonly #contents = new Map<BlockDevice, TenantContent>()

  constructor(options: TargetMigrationOptions) {
    this.#options = options
    this.#shadow = new Shadow(options.hypervisor, options.store, options.nbdDirectory)
    this.#test = new TestBoot(options)
    this.#seed = new TargetSeed(options.seeds, options.changed)
  }

  /** After a restart: takes the replica up as it was left, and serves the disks of its shadow VM, where it needs that, before anything else. */
  async adopt(record: ReplicaRecord): Promise<void> {
    this.#replica = new Replica(this.#options.store, record)
    if (record.holder === 'SHADOW') await this.#shadow.serve(this.#replica)
  }

  setDesired(desired: DesiredTarget | null): void {
    if (desired?.attempt !== this.#desired?.attempt) this.#problem = null // it was another attempt's
    this.#desired = desired
    if (desired?.peerRevoked !== true) return
    // Not left to the next round: one that boots a VM takes minutes.
    this.#wayBack?.hangUp()
    this.#replica?.endSessions(peerRevoked(desired)).catch(() => {}) // what a session's end still writes was told to that session
  }

  async converge(): Promise<void> {
    const desired = this.#desired
    if (desired === null) return
    const before = this.#fingerprint()
    try {
      await this.#converge(desired)
      this.#reached = desired
      this.#problem = this.#guest?.health === 'BROKEN' ? guestBroken(desired, this.#guest) : null
      this.#failures = 0
    } catch (error) {
      this.#failures += 1
      if (error instanceof StreamError || error instanceof OrderRefused || this.#failures >= TELL_AFTER_FAILURES) this.#problem = problemOf(error)
    }
    if (this.#fingerprint() !== before) this.#options.changed()
  }

  /** Throws `OrderRefused` where a person's signed decision is missing: everything is then left as it is. */
  #permit(desired: DesiredTarget): void {
    const { orders, credentials } = this.#options
    const order = orders.read(desired.order)
    const refusal = order && targetRefusal(credentials.agentId, desired, historyOf(this.#replica), order.shown, Date.now())
    if (refusal !== null) throw new OrderRefused(refusal)
  }

  async #converge(desired: DesiredTarget): Promise<void> {
    const { store } = this.#options
    this.#permit(desired)
    if (desired.stage !== 'REVERSE' && desired.stage !== 'HAND_BACK') await this.#stopWayBack()
    if (desired.stage !== 'ACCEPT') this.#returned = null
    if (desired.stage === 'DISCARD') return this.#discard()
    this.#discarded = false
    if (this.#replica === null && (desired.stage === 'BOOT' || desired.stage === 'ACCEPT')) {
      throw new StreamError('REPLICA_MISSING', `The replica of "${desired.shape.name}" is no longer in the target's store. Check the store's disk; if the replica is lost, undo the cutover.`)
    }
    this.#replica ??= new Replica(store, await store.prepare(desired.migrationId, desired.shape))
    const replica = this.#replica
    if (desired.stage !== 'RECEIVE' && desired.stage !== 'KEEP') {
      await this.#test.end()
      await this.#seed.stop()
    }
    switch (desired.stage) {
      case 'RECEIVE':
      case 'KEEP':
        replica.stopVerifying()
        await this.#takeBack(replica)
        await this.#seed.converge(desired, replica)
        await this.#test.converge(desired.test ?? null, replica, desired.shape)
        break
      case 'VERIFY':
        await this.#takeBack(replica)
        this.#verify(replica, desired.attempt)
        break
      case 'BOOT':
        replica.stopVerifying()
        await replica.giveToShadow(`attempt-${desired.attempt}`)
        if (store.disks.direct) await this.#closeContents() // the disks are closed next
        this.#guest = (await this.#shadow.boot(replica, desired))?.guest ?? null
        break
      case 'REVERSE':
      case 'HAND_BACK':
        await replica.accept(Date.now())
        await this.#sendBack(replica, desired)
        break
      case 'ACCEPT':
        await replica.accept(Date.now())
        if (replica.record.holder === 'SHADOW') await this.#shadow.serve(replica)
        await this.#runOn(desired)
        this.#guest = (await this.#shadow.find(desired.migrationId))?.guest ?? null
        break
    }
    this.#storedBytes = await store.storedBytes(replica.record)
  }

  #verify(replica: Replica, attempt: number): void {
    replica.verify(attempt).then(
      () => this.#options.changed(),
      (error: unknown) => {
        if (error instanceof StreamError) return // stopped by us
        const why = error instanceof Error ? error.message : String(error)
        this.#problem = { code: 'DISK_READ_FAILED', message: `The replica could not be read back: ${why}. Check the target's storage.`.slice(0, 500) }
        this.#options.changed()
      },
    )
  }

  /** The shadow VM is live, and the source's disks follow it; in HAND_BACK it is shut down in order and the rest is sent. */
  async #sendBack(replica: Replica, desired: DesiredTarget): Promise<void> {
    const { hypervisor, store, credentials, changed } = this.#options
    if (replica.record.holder !== 'SHADOW') throw new StreamError('NO_SHADOW', `There is no shadow VM of "${desired.shape.name}", so there is no way back from it.`)
    if (store.disks.direct) {
      this.#guest = (await this.#shadow.find(desired.migrationId))?.guest ?? null
      throw new StreamError('NO_WAY_BACK', `A way back from the target is not available yet on its hypervisor: the shadow VM of "${desired.shape.name}" runs from its disks there directly, so that the agent does not see what it writes. It runs on. End the way back; the source's VM is left as it is.`)
    }
    await this.#shadow.serve(replica)
    this.#wayBack ??= new WayBackSender({
      migrationId: desired.migrationId, sourceAgentId: desired.sourceAgentId, taps: this.#shadow.taps, shadowRef: shadowRefOf(desired.migrationId),
      hypervisor, credentials, folder: store.wayBackFolder(desired.migrationId), now: Date.now, changed,
    })
    this.#wayBack.setPairing(this.#pairing(desired))
    if (desired.stage === 'HAND_BACK') await this.#wayBack.handBack(desired.attempt, desired.shutdownSeconds ?? HAND_BACK_SHUTDOWN_SECONDS, () => this.#permit(desired))
    else await this.#wayBack.keepGoing()
    this.#guest = this.#wayBack.guest ?? (await this.#shadow.find(desired.migrationId))?.guest ?? null
  }

  /** A VM that is accepted after its return was called off may still be off on that return's account, or only now go off. */
  async #runOn({ migrationId }: DesiredTarget): Promise<void> {
    const { hypervisor, store } = this.#options
    this.#returned ??= await MigrationRecord.open(store.wayBackFolder(migrationId), migrationId)
    if (!isOffOnOurAccount(this.#returned)) return
    for (const tap of this.#shadow.taps) tap.freeze(false)
    await powerOnAgain(this.#returned, hypervisor, shadowRefOf(migrationId))
  }

  async #stopWayBack(): Promise<void> {
    const wayBack = this.#wayBack
    this.#wayBack = null
    await wayBack?.stop()
  }

  /** A source that called for the way back. Throws `StreamError`: it calls again. */
  turnRound(peerAgentId: string, hello: Hello, socket: Connection): void {
    if (this.#desired?.peerRevoked === true) throw peerRevoked(this.#desired)
    if (this.#wayBack === null) throw new StreamError('NO_WAY_BACK', 'The target has not been told of the way back yet. It will within seconds.')
    this.#wayBack.take(peerAgentId, hello, socket)
  }

  async #takeBack(replica: Replica): Promise<void> {
    if (replica.record.holder !== 'SHADOW') return
    if (!(await this.#shadow.remove(replica.record.migrationId))) throw new StreamError('SHADOW_RUNNING', 'The shadow VM does not go off. Power it off at the target; the replica is then kept and replication goes on.')
    this.#guest = null
    await replica.giveToStream()
  }

  async #discard(): Promise<void> {
    if (this.#discarded) return
    const { migrationId, store } = this.#options
    await this.#test.end()
    await this.#seed.forget()
    if (!(await this.#shadow.remove(migrationId))) throw new StreamError('SHADOW_RUNNING', 'The shadow VM does not go off. Power it off at the target; the replica is then removed.')
    await this.#closeReplica()
    this.#replica = null
    this.#guest = null
    this.#storedBytes = 0
    await store.remove(migrationId)
    this.#discarded = true
  }

  #pairing({ streamKey, sourceAgentId }: DesiredTarget): Pairing | null {
    return streamKey === undefined ? null : { key: streamKey, sourceAgentId, targetAgentId: this.#options.credentials.agentId }
  }

  /** Answers a source's HELLO. Rejects with `StreamError`, which says what stands in the way. */
  async admit(peerAgentId: string, hello: Hello, end: (error: StreamError) => void, connection: Connection): Promise<ReceivingDisk> {
    const desired = this.#desired
    if (desired === null) throw unknownMigration(hello)
    if (desired.sourceAgentId !== peerAgentId) throw new StreamError('NOT_PAIRED', `Agent "${peerAgentId}" is not the source of migration "${hello.migrationId}".`)
    if (desired.peerRevoked === true) throw peerRevoked(desired)
    const pairing = this.#pairing(desired)
    demandProof(pairing, 'HELLO', hello, hello.proof, connection)
    if (desired.stage !== 'RECEIVE' && desired.stage !== 'VERIFY' && desired.stage !== 'KEEP') {
      throw new StreamError('REPLICA_IN_USE', `The replica is in stage ${desired.stage}; the stream may not write to it.`)
    }
    if (this.#replica === null) {
      if (this.#problem !== null) throw new StreamError(this.#problem.code, this.#problem.message)
      throw unknownMigration(hello)
    }
    this.#seed.demandImported(desired, this.#replica)
    const lent = await this.#replica.admit(hello, end)
    // Said while the disk was being opened: there was no session yet that could have been ended.
    if (this.#desired?.peerRevoked === true) {
      lent.release()
      throw peerRevoked(desired)
    }
    const ok = { ...lent.ok, ...(pairing && { proof: proofOf(pairing, 'HELLO_OK', hello, connection) }) }
    if (desired.tenantId === undefined) return { ...lent, ok }
    const content = this.#options.content.open(desired.tenantId, lent.device)
    this.#contents.set(lent.device, content)
    return { ...lent, ok, content }
  }

  observe(): TargetObserved | null {
    const desired = this.#desired
    if (desired === null) return null
    return {
      migrationId: desired.migrationId,
      // Told as reached only when it is: on KEEP rests that no shadow VM runs.
      stage: this.#hasReached(desired) ? desired.stage : 'CONVERGING',
      attempt: desired.attempt,
      connected: this.#replica?.connected ?? false,
      storedBytes: this.#storedBytes,
      hashes: desired.stage === 'HAND_BACK' ? (this.#wayBack?.hashes ?? null) : (this.#replica?.hashes(desired.attempt) ?? null),
      shadow: this.#wayBack?.guest ?? this.#guest,
      problem: this.#problem ?? this.#wayBack?.problem ?? null,
      test: this.#test.observed,
      wayBack: this.#wayBack?.observed ?? null,
      seed: this.#seed.observed,
    }
  }

  #hasReached({ stage, attempt }: DesiredTarget): boolean {
    return this.#reached?.stage === stage && this.#reached.attempt === attempt
  }

  async close(): Promise<void> {
    await this.#test.close()
    await this.#seed.stop()
    await this.#stopWayBack()
    await this.#shadow.stopServing()
    await this.#closeReplica()
  }

  async #closeReplica(): Promise<void> {
    await this.#closeContents()
    await this.#replica?.close()
  }

  async #closeContents(): Promise<void> {
    for (const content of this.#contents.values()) await content.close()
    this.#contents.clear()
  }

  /** What the coordinator acts on; a change is reported at once. */
  #fingerprint(): string {
    const test = this.#test.observed
    const ofTest = test === null ? null : [test.id, test.state, test.guest?.power, test.guest?.health, test.problem?.code]
    return JSON.stringify([this.#guest?.power, this.#guest?.health, this.#problem?.code, this.#discarded, this.#replica === null, this.#reached?.stage, this.#reached?.attempt, ofTest, this.#wayBack?.connected])
  }
}

export const unknownMigration = (hello: Hello): StreamError =>
  new StreamError('UNKNOWN_MIGRATION', `The target agent does not know migration "${hello.migrationId}" yet. It will within seconds, once the gateway has told it; if not, check that the target agent reaches the gateway.`)

function historyOf(replica: Replica | null): TargetHistory {
  if (replica === null) return { exists: false, bootedAttempt: null, acceptedAtMs: null }
  const { holder, shadowRef, acceptedAtMs } = replica.record
  const attempt = holder === 'SHADOW' ? /^attempt-(\d+)$/.exec(shadowRef ?? '')?.[1] : undefined
  return { exists: true, bootedAttempt: attempt === undefined ? null : Number(attempt), acceptedAtMs }
}

const peerRevoked = ({ sourceAgentId }: DesiredTarget): StreamError =>
  new StreamError('PEER_REVOKED', `The source agent "${sourceAgentId}" is trusted no more: it was revoked, or a copy of its certificate was used. Enrol it again in the portal (Configure, Agents).`)

const guestBroken = (desired: DesiredTarget, guest: GuestState): Problem => ({
  code: 'GUEST_BROKEN',
  message: `The shadow VM of "${desired.shape.name}" started, but its own check failed: ${(guest.healthDetail ?? 'no detail').replace(/\.$/, '')}. Undo the cutover; the replica is kept.`.slice(0, 500),
})

function problemOf(error: unknown): Problem {
  const message = error instanceof Error ? error.message : String(error)
  const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'TARGET_FAILED'
  return { code: code.slice(0, 60), message: message.slice(0, 500) }
}
