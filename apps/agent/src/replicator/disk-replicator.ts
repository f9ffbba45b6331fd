import type { Problem } from '@driftless/agent-api'
import type { TokenBucket } from '../block/token-bucket.ts'
import { PieceTable } from '../proof/piece-table.ts'
import { VerifyBehind } from '../proof/verify-behind.ts'
import { Waiter } from '../sleep.ts'
import { openLink } from '../stream/disk-link.ts'
import type { DiskLink, LinkDisk, LinkTarget } from '../stream/disk-link.ts'
import type { Credentials } from '../stream/identity.ts'
import { StreamError } from '../stream/protocol.ts'
import type { DiskTap, WriteHistory } from '../tap/disk-tap.ts'
import { CopyLoop } from './copy-loop.ts'
import type { CopyWishes } from './copy-loop.ts'
import { HistoryKeeper } from './history-keeper.ts'
import type { Keeping } from './history-keeper.ts'
import { LeftFile, leftPathOf, withLeft } from './left-file.ts'
import { SyncState } from './sync-state.ts'
import { takeUp } from './take-up.ts'

/** First wait after a failure, doubled up to the longest; the target may simply not know of the migration yet. */
const FIRST_RETRY_MS = 250
const LONGEST_RETRY_MS = 2_000

/** A refusal is told to people only when it lasts: the two agents hear of a migration seconds apart. */
const TELL_AFTER_FAILURES = 4

/** With nothing to do it looks again after this, though it is woken for everything that it knows of. */
const IDLE_MS = 5_000

export interface DiskReplicatorOptions {
  disk: LinkDisk
  tap: DiskTap
  credentials: Credentials
  /** Asked for in this order before anything is sent: the VM's cap, the site's. */
  buckets: TokenBucket[]
  /** See `SourceRoleOptions`. */
  lanesFromMs?: number | undefined
  /** How the target is reached; by dialling it when left out. */
  connect?: (disk: LinkDisk, signal: AbortSignal) => Promise<DiskLink>
  /** Where the hashes of the disk's pieces are kept (see `proof/piece-table.ts`), and beside them what is left while it travels by device. */
  tablePath: string
  now: () => number
}

/**
 * Keeps one disk's replica identical to the disk, for as long as it runs. Listens to the tap, connects, sends what is
 * missing, reconnects.
 */
export class DiskReplicator {
  readonly sync: SyncState
  readonly disk: LinkDisk
  readonly table: PieceTable
  readonly verify: VerifyBehind
  readonly #options: DiskReplicatorOptions
  readonly #stop = new AbortController()
  #running: Promise<void> | null = null
  #target: LinkTarget | null = null
  readonly #wishes: CopyWishes = { paused: false, urgent: false, still: false, sweepHeld: false }
  #link: DiskLink | null = null
  /** What the target holds is known, over this link. */
  #takenUp = false
  #loop: CopyLoop | null = null
  readonly #left: LeftFile
  readonly #history: WriteHistory
  #keeper: HistoryKeeper | null = null
  /** The seed's epoch, until the target first has everything: so long what is left is kept in a file. */
  #keptEpoch: string | null = null
  #leftGone = false
  readonly #listening = Promise.withResolvers<void>()
  /** The present connection, from before it is dialled. */
  #copying: Promise<void> = Promise.resolve()
  #knownEpoch: string | null = null
  /** The tap has lost writes: what it remembers does not count until the next comparison. */
  #mustCompare = false
  #everConnected = false
  #failures = 0
  #problem: Problem | null = null
  #lastProgressMs: number
  #closedWireBytes = 0
  readonly #waiter = new Waiter()
  #backgroundBytes = 0

  constructor(options: DiskReplicatorOptions) {
    this.#options = options
    this.disk = options.disk
    this.sync = new SyncState(options.disk.sizeBytes, options.now)
    this.sync.onFirstDirty(() => this.#loop?.stir())
    this.sync.onLost(() => {
      this.#mustCompare = true
      this.#knownEpoch = null
      this.#link?.close()
    })
    this.table = new PieceTable(options.tablePath, options.tap.device)
    this.verify = new VerifyBehind({ sync: this.sync, table: this.table, settle: () => options.tap.settle() })
    this.#left = new LeftFile(leftPathOf(options.tablePath), options.disk.sizeBytes)
    this.#history = withLeft(options.tap.history, this.#left)
    this.#listening.promise.catch(() => {}) // only a seed waits for it
    this.#lastProgressMs = options.now()
  }

  start(): void {
    this.#keeper ??= new HistoryKeeper(this.#options.tap, this.sync, this.#options.now, () => this.#keeping)
    this.#running ??= this.#run()
  }

  /** Ends the connection and the loop. What was not flushed is simply not at the target. */
  async stop(): Promise<void> {
    const stopped = new StreamError('STOPPED', 'Replication was stopped.')
    this.#stop.abort(stopped)
    this.#listening.reject(stopped)
    this.#link?.close()
    await this.#running
    await this.#keeper?.stop()
    await this.#options.tap.listen(null)
    await this.table.close()
  }

  /** Where to replicate to; null waits. A changed target breaks the present connection. */
  setTarget(target: LinkTarget | null): void {
    const same = JSON.stringify(target) === JSON.stringify(this.#target)
    if (same) return
    this.#target = target
    this.#link?.close()
    this.#waiter.wake()
  }

  /** Paused: nothing is sent, what is written is remembered. */
  setPaused(paused: boolean): void {
    if (paused === this.#wishes.paused) return
    if (paused) this.#link?.close()
    this.#wish({ paused })
  }

  /**
   * The disk travels by device, as the seed whose epoch this is: what was written since counts as what the target will lack, all else
   * the seed brings. BEGIN: from now on; RESUME: since an earlier life of the agent began; COMPARE: writes went unseen since, and
   * hashes will decide. Only while paused. False: it has come to COMPARE. Rejects when replication is stopped.
   */
  async track(epoch: string, how: 'BEGIN' | 'RESUME' | 'COMPARE'): Promise<boolean> {
    await this.#listening.promise
    await this.#copying
    this.#stop.signal.throwIfAborted()
    await this.table.open()
    // Kills are frequent enough in the days that a device travels, and what they cost would be sent over a line that is too thin.
    this.#history.finely?.(true)
    if (how === 'BEGIN') await this.#history.begin(epoch)
    const runs = how === 'BEGIN' ? [] : how === 'RESUME' ? await this.#history.recall(epoch) : null
    this.table.useEpoch(epoch)
    this.#mustCompare = runs === null
    if (runs === null) return false
    for (const { first, end } of runs) this.table.touch(first, end)
    this.sync.resume(this.sync.sizeBytes, Math.min(this.#options.tap.usedBytes, this.sync.sizeBytes), runs)
    this.#knownEpoch = this.#keptEpoch = epoch
    this.#leftGone = false
    return true
  }

  /** Writes went unseen: at the next connection everything is compared by hash. */
  get mustCompare(): boolean {
    return this.#mustCompare
  }

  get #keeping(): Keeping | null {
    return this.#keptEpoch !== null && this.sync.sweepComplete ? { epoch: this.#keptEpoch, left: this.#left } : null
  }

  /** Urgent: dirty blocks are sent at once instead of being gathered. Used around the cutover. */
  setUrgent(urgent: boolean): void {
    this.verify.setUrgent(urgent)
    this.#wish({ urgent })
    if (!urgent) this.setStill(false)
  }

  /** Still: no write to the disk is under way, and none will be. What is left then goes out at once, and is compared behind it. */
  setStill(still: boolean): void {
    this.verify.setStill(still)
    this.#wish({ still })
  }

  /** Held: the sweep waits while another VM is being cut over; what the guest writes is still sent. */
  setSweepHeld(sweepHeld: boolean): void {
    if (sweepHeld !== this.#wishes.sweepHeld) this.#wish({ sweepHeld })
  }

  #wish(wishes: Partial<CopyWishes>): void {
    Object.assign(this.#wishes, wishes)
    this.#waiter.wake()
    this.#loop?.stir()
  }

  /** Marks a moment of the VM in the stream; see `CopyLoop.point`. Both promises reject when the target is not connected. */
  point(moment: number, signal: AbortSignal): { sent: Promise<void>; reached: Promise<void> } {
    if (this.#loop !== null) return this.#loop.point(moment, signal)
    const lost = Promise.reject(new StreamError('CONNECTION_LOST', 'The target is not connected.'))
    lost.catch(() => {})
    return { sent: lost, reached: lost }
  }

  /** Connected, and it is known what the target lacks: before that the map may be another replica's. */
  get connected(): boolean {
    return this.#link !== null && this.#takenUp
  }

  get everConnected(): boolean {
    return this.#everConnected
  }

  get problem(): Problem | null {
    return this.#problem ?? this.verify.problem
  }

  /** Where the disk is read at a moment: when that was. */
  get shownAtMs(): number | null {
    return this.#options.tap.shownAtMs ?? null
  }

  /** When the target last durably took something, or there was nothing to take. */
  get lastProgressMs(): number {
    return this.#lastProgressMs
  }

  /** On the wire since the start, after compression and zero detection. */
  get sentBytes(): number {
    return this.#closedWireBytes + (this.#link?.wireBytes ?? 0)
  }

  /** Guest bytes that the sweep has sent: zero and equal blocks not counted. */
  get backgroundSentBytes(): number {
    return this.#backgroundBytes + (this.#loop?.backgroundBytes ?? 0)
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop
    let listening = false
    while (!signal.aborted) {
      if (!listening) {
        try {
          await this.#options.tap.listen(this.verify)
          listening = true
          this.#listening.resolve()
        } catch (error) {
          await this.#failed(error)
          continue
        }
      }
      if (this.#wishes.paused || this.#target === null) {
        await this.#waiter.wait(IDLE_MS, this.#stop.signal)
        continue
      }
      try {
        const copying = this.#connectAndCopy(this.#target, signal)
        this.#copying = copying.catch(() => {})
        await copying
      } catch (error) {
        if (!signal.aborted && !this.#wishes.paused) await this.#failed(error)
      }
    }
  }

  async #connectAndCopy(target: LinkTarget, signal: AbortSignal): Promise<void> {
    await this.table.open()
    const link = await (this.#options.connect?.(this.disk, signal) ?? openLink(target, this.disk, this.#options.credentials, signal, this.#options.lanesFromMs))
    const { sync, table } = this
    const { tap, buckets, now } = this.#options
    const loop = new CopyLoop({ link, tap, sync, buckets, wishes: this.#wishes, now, progressed: () => this.#progressed() })
    let verifying: Promise<void> | null = null
    try {
      this.#link = link
      this.#loop = loop
      await takeUp({ link, sync, table, tap, history: this.#history, knownEpoch: this.#knownEpoch, mustCompare: this.#mustCompare })
      this.#knownEpoch = link.ok.epoch
      if (this.#keptEpoch !== link.ok.epoch) this.#keepNothing()
      this.#mustCompare = false
      this.#takenUp = this.#everConnected = true
      verifying = this.verify.run(link)
      verifying.catch(() => {}) // the link has failed: the copy says so
      await loop.run(signal)
    } finally {
      sync.connectionLost()
      this.#takenUp = false
      this.#link = this.#loop = null
      link.close()
      loop.end(new StreamError('CONNECTION_LOST', 'The connection to the target broke.'))
      this.#closedWireBytes += link.wireBytes
      this.#backgroundBytes += loop.backgroundBytes
      await verifying?.catch(() => {})
    }
  }

  #progressed(): void {
    this.#lastProgressMs = this.#options.now()
    this.#failures = 0
    this.#problem = null
    if (!this.#leftGone && this.connected && this.sync.isClean) this.#leaveLeft()
  }

  #keepNothing(): void {
    this.#keptEpoch = null
    this.#history.finely?.(false)
  }

  /** The target has everything: from here on the tap's own memory is enough. */
  #leaveLeft(): void {
    this.#keepNothing()
    this.#leftGone = true
    this.#left.remove().catch(() => {}) // then more is sent again after a kill than need be
  }

  async #failed(error: unknown): Promise<void> {
    const code = error instanceof StreamError ? error.code : 'REPLICATION_FAILED'
    this.#failures = code === 'CONNECTION_LOST' ? 1 : this.#failures + 1 // it did connect: try again soon
    const message = error instanceof Error ? error.message : String(error)
    if (this.#failures >= TELL_AFTER_FAILURES || code === 'INSUFFICIENT_SPACE' || code === 'DISK_READ_FAILED') this.#problem = { code, message: message.slice(0, 500) }
    const longest = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(this.#failures - 1, 10))
    await this.#waiter.wait(longest * (0.5 + Math.random() / 2), this.#stop.signal)
  }
}
