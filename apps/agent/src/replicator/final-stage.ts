import type { DiskHash, GuestState, Problem, Reread } from '@driftless/agent-api'
import type { Hypervisor } from '../hypervisors/hypervisor.ts'
import { OrderRefused } from '../orders/order-refused.ts'
import type { PowerOffAgreed } from '../orders/rule.ts'
import { sleep } from '../sleep.ts'
import { finalSync, hashDisksAnew, proveDisks, readWhole } from './final-sync.ts'
import type { FinalDisk } from './final-sync.ts'
import type { MigrationRecord } from './migration-record.ts'

/** A failed final sync starts over from the top after this. */
const RETRY_MS = 1_000

/** After the proof, the state it rests on is checked this often while the stage lasts. */
const WATCH_MS = 500

/** A target that has not begun to start by then may still be comparing: the second reading begins all the same. */
const REREAD_AFTER_MS = 30_000

/** The target had flushed all, and what the source's disks held then. */
export interface Proof {
  finalSyncAtMs: number
  /** Null while the disks are being read. */
  hashes: DiskHash[] | null
  /** Whether the disks, read whole once more, are what was proven. */
  reread: Reread | null
}

export interface FinalStageOptions {
  vmRef: string
  attempt: number
  shutdownSeconds: number
  hypervisor: Hypervisor
  disks: readonly FinalDisk[]
  record: MigrationRecord
  /** To whom the VM goes. */
  targetAgentId: string | null
  /** Asked again at the very moment before the guest is asked to shut down; throws `OrderRefused`. */
  permit: () => void
  /** Whether a guest that does not shut down may be powered off; asked at the very moment before. */
  powerOffAgreed: () => PowerOffAgreed | null
  now: () => number
  /** Something that the coordinator waits for has changed. */
  changed: () => void
  onGuest: (guest: GuestState) => void
  onProblem: (problem: Problem | null) => void
}

/** Stage FINAL of one attempt, from its beginning until `stop`: a failure, or a target that lost the replica, sends it back to the top. */
export class FinalStage {
  readonly #options: FinalStageOptions
  readonly #abort = new AbortController()
  readonly #running: Promise<void>
  #proof: Proof | null = null

  constructor(options: FinalStageOptions) {
    this.#options = options
    this.#running = this.#run().catch((error: unknown) => {
      if (!this.#abort.signal.aborted) options.onProblem(problemOf(error))
    })
  }

  get attempt(): number {
    return this.#options.attempt
  }

  get proof(): Proof | null {
    return this.#proof
  }

  async stop(): Promise<void> {
    this.#abort.abort(new Error('The final sync was called off.'))
    await this.#running
    // If the two sides' proofs differed, one of them remembers wrongly: all is read back again before the next attempt.
    if (this.#proof?.hashes != null) for (const { replicator } of this.#options.disks) replicator.table.touchAll()
  }

  async #run(): Promise<void> {
    const { disks, record, changed, onProblem } = this.#options
    const { signal } = this.#abort
    while (!signal.aborted) {
      try {
        if (await this.#takeUpProof()) return
        await this.#sync()
        const proof: Proof = { finalSyncAtMs: this.#options.now(), hashes: null, reread: null }
        this.#proof = proof
        changed()
        const hashes = await proveDisks({ disks, onProblem }, signal)
        await record.change({ proof: { finalSyncAtMs: proof.finalSyncAtMs, hashes } })
        proof.hashes = hashes
        onProblem(null)
        changed()
        await this.#watch(proof, hashes, signal)
        await record.change({ proof: null }) // the target lost the replica
      } catch (error) {
        if (signal.aborted) return
        onProblem(problemOf(error))
        await sleep(RETRY_MS, signal)
      }
      this.#proof = null
    }
  }

  /** Lasts as long as the proof stands. Meanwhile the disks are read whole, for a tap that missed a write would not know. */
  async #watch(proof: Proof, hashes: readonly DiskHash[], signal: AbortSignal): Promise<void> {
    const { disks, changed } = this.#options
    const over = new AbortController()
    const say = (said: Reread) => {
      if (over.signal.aborted) return
      proof.reread = said
      changed()
    }
    say('RUNNING')
    const either = AbortSignal.any([signal, over.signal])
    const reading = this.#untilTargetStarts(either).then(() => readWhole(disks, either)).then(
      (again) => say(again.every(({ key, hash }) => hashes.some((one) => one.key === key && one.hash === hash)) ? 'EQUAL' : 'DIFFERENT'),
      () => say('FAILED'),
    )
    try {
      while (disks.every(({ replicator }) => replicator.sync.isClean)) await sleep(WATCH_MS, signal)
    } finally {
      over.abort(new Error('The proof no longer stands.'))
      await reading
    }
  }

  /** It shuts the stream out then. Before, every read would lengthen the downtime where both sides share a machine or a storage. */
  async #untilTargetStarts(signal: AbortSignal): Promise<void> {
    const deadlineMs = performance.now() + REREAD_AFTER_MS
    while (performance.now() < deadlineMs && this.#options.disks.every(({ replicator }) => replicator.connected)) await sleep(WATCH_MS, signal)
  }

  #sync(): Promise<void> {
    const { vmRef, hypervisor, disks, shutdownSeconds, record, attempt, targetAgentId, permit, powerOffAgreed, now, changed, onGuest, onProblem } = this.#options
    const ends = { vmRef, targetAgentId }
    return finalSync({
      vmRef, hypervisor, disks, shutdownSeconds, now, onGuest, onProblem, powerOffAgreed,
      onAsked: () => {
        permit()
        return record.asking(attempt, ends)
      },
      onPowerOff: ({ by }) => record.change({ poweredOff: { attempt, atMs: now(), by } }),
      onOff: async () => {
        if (await record.off(attempt, now(), ends)) changed()
      },
    }, this.#abort.signal)
  }

  /** After a restart: the proof of this attempt still stands if the guest is off and its disks have the same hashes. */
  async #takeUpProof(): Promise<boolean> {
    const { vmRef, attempt, hypervisor, disks, record, changed, onGuest, onProblem } = this.#options
    const stored = record.facts.attempt === attempt ? record.facts.proof : null
    if (stored === null) return false
    const vm = await hypervisor.findVm(vmRef)
    if (vm?.guest.power !== 'OFF') return false
    onGuest(vm.guest)
    for (const { tap } of disks) tap.freeze(true)
    const hashes = await hashDisksAnew(disks, this.#abort.signal)
    const same = hashes.every(({ key, hash }) => stored.hashes.some((one) => one.key === key && one.hash === hash))
    if (!same) return false
    this.#proof = { finalSyncAtMs: stored.finalSyncAtMs, hashes, reread: 'EQUAL' } // read whole just now
    onProblem(null)
    changed()
    return true
  }
}

const problemOf = (error: unknown): Problem => ({ code: error instanceof OrderRefused ? error.code : 'SOURCE_FAILED', message: (error instanceof Error ? error.message : String(error)).slice(0, 500) })
