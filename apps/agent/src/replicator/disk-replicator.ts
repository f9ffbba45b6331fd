import type { Problem } from '@driftless/agent-api'
import type { TokenBucket } from '../block/token-bucket.ts'
import { PieceTable } from '../proof/piece-table.ts'
import { VerifyBehind } from '../proof/verify-behind.ts'
import { openLink } from '../stream/disk-link.ts'
import type { DiskLink, LinkDisk, LinkTarget } from '../stream/disk-link.ts'
import type { Credentials } from '../stream/identity.ts'
import { StreamError } from '../stream/protocol.ts'
import type { DiskTap } from '../tap/disk-tap.ts'
import { BlockCopier } from './block-copier.ts'
import { HistoryKeeper } from './history-keeper.ts'
import { SyncState } from './sync-state.ts'
import { takeUp } from './take-up.ts'

/** First wait after a failure, doubled up to the longest; the target may simply not know of the migration yet. */
const FIRST_RETRY_MS = 250
const LONGEST_RETRY_MS = 2_000

/** A refusal is told to people only when it lasts: the two agents hear of a migration seconds apart. */
const TELL_AFTER_FAILURES = 4

/** A marker goes out at least this often while data flows, so that little is re-sent after a broken link. */
const FLUSH_EVERY_BYTES = 32 * 1024 * 1024
const FLUSH_EVERY_MS = 1_000

/** Markers under way at a time once the disk is still: over a long way each is a round trip, and none waits for another. */
const MAX_FLUSHES_WHEN_STILL = 4

/** Most that may be sent and not flushed: what the cutover or a broken link costs at worst. */
const MAX_UNFLUSHED_BYTES = 2 * FLUSH_EVERY_BYTES

/** Idle links say something this often, so that both ends notice a dead one. */
const HEARTBEAT_MS = 5_000

/** Writes of this time are gathered before they are sent: neighbouring and repeated ones go once. */
const GATHER_MS = 100

/** While the sweep runs, hot blocks wait longer, so that the sweep gets on. */
const GATHER_DURING_SWEEP_MS = 500

export interface DiskReplicatorOptions {
  disk: LinkDisk
  tap: DiskTap
  credentials: Credentials
  /** Asked for in this order before anything is sent: the VM's cap, the site's. */
  buckets: TokenBucket[]
  /** How the target is reached; by dialling it when left out. */
  connect?: (disk: LinkDisk, signal: AbortSignal) => Promise<DiskLink>
  /** Where the hashes of the disk's pieces are kept; see `proof/piece-table.ts`. */
  tablePath: string
  now: () => number
}

/** A marker that is to go out once nothing is dirty. */
interface PointRequest {
  readonly moment: number
  readonly signal: AbortSignal
  readonly sent: PromiseWithResolvers<void>
  readonly reached: PromiseWithResolvers<void>
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
  #paused = false
  #urgent = false
  #still = false
  #sweepHeld = false
  #link: DiskLink | null = null
  #copier: BlockCopier | null = null
  #history: HistoryKeeper | null = null
  #knownEpoch: string | null = null
  /** The tap has lost writes: what it remembers does not count until the next comparison. */
  #mustCompare = false
  #everConnected = false
  #failures = 0
  #problem: Problem | null = null
  #lastProgressMs: number
  #closedWireBytes = 0
  /** The latest marker under way, and how many there are. */
  #flushing: Promise<void> | null = null
  #flushes = 0
  #lastFlushMs = 0
  #wake: () => void = () => {}
  #wakeForDirty: () => void = () => {}
  #backgroundBytes = 0
  #point: PointRequest | null = null
  /** Ends the wait for a marker's answer early. */
  #stir: () => void = () => {}

  constructor(options: DiskReplicatorOptions) {
    this.#options = options
    this.disk = options.disk
    this.sync = new SyncState(options.disk.sizeBytes, options.now)
    this.sync.onFirstDirty(() => this.#wakeForDirty())
    this.sync.onLost(() => {
      this.#mustCompare = true
      this.#knownEpoch = null
      this.#link?.close()
    })
    this.table = new PieceTable(options.tablePath, options.tap.device)
    this.verify = new VerifyBehind({ sync: this.sync, table: this.table, settle: () => options.tap.settle() })
    this.#lastProgressMs = options.now()
  }

  start(): void {
    this.#history ??= new HistoryKeeper(this.#options.tap, this.sync, this.#options.now)
    this.#running ??= this.#run()
  }

  /** Ends the connection and the loop. What was not flushed is simply not at the target. */
  async stop(): Promise<void> {
    this.#stop.abort(new StreamError('STOPPED', 'Replication was stopped.'))
    this.#link?.close()
    await this.#running
    await this.#history?.stop()
    await this.#options.tap.listen(null)
    await this.table.close()
  }

  /** Where to replicate to; null waits. A changed target breaks the present connection. */
  setTarget(target: LinkTarget | null): void {
    const same = JSON.stringify(target) === JSON.stringify(this.#target)
    if (same) return
    this.#target = target
    this.#link?.close()
    this.#wake()
  }

  /** Paused: nothing is sent, what is written is remembered. */
  setPaused(paused: boolean): void {
    if (paused === this.#paused) return
    this.#paused = paused
    if (paused) this.#link?.close()
    this.#wake()
  }

  /** Urgent: dirty blocks are sent at once instead of being gathered. Used around the cutover. */
  setUrgent(urgent: boolean): void {
    this.#urgent = urgent
    this.verify.setUrgent(urgent)
    if (!urgent) this.setStill(false)
    this.#wake()
    this.#stir()
  }

  /** Still: no write to the disk is under way, and none will be. What is left then goes out at once, and is compared behind it. */
  setStill(still: boolean): void {
    if (still === this.#still) return
    this.#still = still
    this.verify.setStill(still)
    this.#stir()
  }

  /** Held: the sweep waits while another VM is being cut over; what the guest writes is still sent. */
  setSweepHeld(held: boolean): void {
    if (held === this.#sweepHeld) return
    this.#sweepHeld = held
    this.#wake()
  }

  /**
   * Sends what is dirty and marks the VM's `moment` after it; only while the guest's writes are held. `sent`: everything
   * was read and is in the stream, the guest may go on. `reached`: the target has come to the marker. Both reject when the
   * link breaks, or the signal aborts before `sent`.
   */
  point(moment: number, signal: AbortSignal): { sent: Promise<void>; reached: Promise<void> } {
    const request: PointRequest = { moment, signal, sent: Promise.withResolvers(), reached: Promise.withResolvers() }
    request.reached.promise.catch(() => {}) // whoever waits for `sent` may not wait for this
    this.#point?.sent.reject(new StreamError('REPLACED', 'Another moment is to be marked.'))
    this.#point = request
    signal.addEventListener('abort', () => this.#giveUpPoint(request, signal.reason), { once: true })
    if (this.#link === null) this.#giveUpPoint(request, new StreamError('CONNECTION_LOST', 'The target is not connected.'))
    this.#wakeForDirty()
    this.#stir()
    return { sent: request.sent.promise, reached: request.reached.promise }
  }

  #giveUpPoint(request: PointRequest | null, reason: unknown): void {
    if (request === null || this.#point !== request) return
    this.#point = null
    request.sent.reject(reason)
    request.reached.reject(reason)
  }

  get connected(): boolean {
    return this.#link !== null
  }

  get everConnected(): boolean {
    return this.#everConnected
  }

  get problem(): Problem | null {
    return this.#problem ?? this.verify.problem
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
    return this.#backgroundBytes + (this.#copier?.backgroundBytes ?? 0)
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop
    let listening = false
    while (!signal.aborted) {
      if (!listening) {
        try {
          await this.#options.tap.listen(this.verify)
          listening = true
        } catch (error) {
          await this.#failed(error)
          continue
        }
      }
      if (this.#paused || this.#target === null) {
        await this.#waitForWake(HEARTBEAT_MS)
        continue
      }
      try {
        await this.#connectAndCopy(this.#target, signal)
      } catch (error) {
        if (!signal.aborted && !this.#paused) await this.#failed(error)
      }
    }
  }

  async #connectAndCopy(target: LinkTarget, signal: AbortSignal): Promise<void> {
    await this.table.open()
    const link = await (this.#options.connect?.(this.disk, signal) ?? openLink(target, this.disk, this.#options.credentials, signal))
    let verifying: Promise<void> | null = null
    try {
      this.#link = link
      this.#flushing = null
      this.#flushes = 0
      this.#everConnected = true
      const { sync, table } = this
      await takeUp({ link, sync, table, tap: this.#options.tap, knownEpoch: this.#knownEpoch, mustCompare: this.#mustCompare })
      this.#knownEpoch = link.ok.epoch
      this.#mustCompare = false
      verifying = this.verify.run(link)
      verifying.catch(() => {}) // the link has failed: the copy says so
      await this.#copy(link, signal)
    } finally {
      this.sync.connectionLost()
      this.#link = null
      link.close()
      this.#giveUpPoint(this.#point, new StreamError('CONNECTION_LOST', 'The connection to the target broke.'))
      this.#closedWireBytes += link.wireBytes
      this.#backgroundBytes += this.#copier?.backgroundBytes ?? 0
      this.#copier = null
      await verifying?.catch(() => {})
    }
  }

  /** Sends until the link breaks, or the replicator is stopped or paused. */
  async #copy(link: DiskLink, signal: AbortSignal): Promise<void> {
    const { tap, buckets } = this.#options
    const copier = new BlockCopier({ device: tap.device, link, sync: this.sync, buckets, signal: link.closed })
    this.#copier = copier
    this.#lastFlushMs = this.#options.now()
    let nextPassMs = 0
    while (!signal.aborted && !this.#paused) {
      link.closed.throwIfAborted()
      if (this.#point !== null) await this.#sendPoint(this.#point, link, copier)
      const now = this.#options.now()
      const flushDue = copier.unflushedBytes >= FLUSH_EVERY_BYTES || (this.sync.needsFlush && now - this.#lastFlushMs >= FLUSH_EVERY_MS)
      if (flushDue && this.#flushing === null) this.#startFlush(link, copier)
      if (copier.unflushedBytes >= MAX_UNFLUSHED_BYTES - FLUSH_EVERY_BYTES) await this.#flushing
      if ((this.#urgent || now >= nextPassMs) && this.sync.dirtyBytes > 0) this.sync.beginPass()
      if (await copier.copyForeground()) continue
      if (!this.#sweepHeld && (await copier.copyBackground())) {
        if (now >= nextPassMs && !this.#urgent) nextPassMs = now + GATHER_DURING_SWEEP_MS
        continue
      }
      if (this.sync.needsFlush) {
        if (!this.#mayFlush && !(await this.#untilFlushed())) continue
        this.#startFlush(link, copier)
      }
      if (this.#flushing !== null) {
        if (await this.#untilFlushed()) nextPassMs = this.#options.now() + GATHER_MS
      } else if (this.sync.dirtyBytes > 0) {
        if (!this.#urgent) await this.#waitForWake(nextPassMs - now, true)
      } else {
        this.#progressed()
        await this.#waitForWake(HEARTBEAT_MS - (now - this.#lastFlushMs), true)
        if (this.#options.now() - this.#lastFlushMs >= HEARTBEAT_MS) this.#startFlush(link, copier)
      }
    }
  }

  get #mayFlush(): boolean {
    return this.#flushing === null || (this.#still && this.#flushes < MAX_FLUSHES_WHEN_STILL)
  }

  /**
   * Waits for the markers under way; false: something does not wait for them. That is a moment that is to be marked, and,
   * when all is urgent, what was written meanwhile: the last marker is to find as little before it as can be.
   */
  async #untilFlushed(): Promise<boolean> {
    const flushing = this.#flushing
    const presses = () => this.#point !== null || (this.#urgent && this.sync.dirtyBytes > 0) || (this.#still && this.sync.needsFlush && this.#mayFlush)
    while (this.#flushing !== null && this.#flushing === flushing && !presses()) {
      const stirred = new Promise<void>((resolve) => (this.#stir = this.#wakeForDirty = resolve))
      await Promise.race([flushing, stirred])
    }
    this.#stir = this.#wakeForDirty = () => {}
    return !presses()
  }

  async #sendPoint(request: PointRequest, link: DiskLink, copier: BlockCopier): Promise<void> {
    // More than once: a pass that was under way has gone past what is dirty behind it.
    while (this.sync.dirtyBytes > 0 && this.#point === request) {
      this.sync.beginPass()
      while (this.#point === request && (await copier.copyForeground()));
    }
    await copier.read()
    if (this.#point !== request) return
    this.#point = null
    link.point(request.moment).then(request.reached.resolve, request.reached.reject)
    request.sent.resolve()
  }

  #startFlush(link: DiskLink, copier: BlockCopier): void {
    copier.unflushedBytes = 0
    this.#lastFlushMs = this.#options.now()
    this.sync.beginFlush()
    this.#flushes += 1
    const flushing = link.flush(this.sync.markedSweptBytes).then(() => {
      if (this.#link !== link) return
      this.#flushes -= 1
      if (this.#flushes === 0) this.#flushing = null
      this.sync.flushed()
      this.#progressed()
    })
    this.#flushing = flushing
    flushing.catch(() => {}) // the link has failed: the next call on it says so
  }

  #progressed(): void {
    this.#lastProgressMs = this.#options.now()
    this.#failures = 0
    this.#problem = null
  }

  async #failed(error: unknown): Promise<void> {
    const code = error instanceof StreamError ? error.code : 'REPLICATION_FAILED'
    this.#failures = code === 'CONNECTION_LOST' ? 1 : this.#failures + 1 // it did connect: try again soon
    const message = error instanceof Error ? error.message : String(error)
    if (this.#failures >= TELL_AFTER_FAILURES || code === 'INSUFFICIENT_SPACE' || code === 'DISK_READ_FAILED') this.#problem = { code, message: message.slice(0, 500) }
    const longest = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(this.#failures - 1, 10))
    await this.#waitForWake(longest * (0.5 + Math.random() / 2))
  }

  /** Waits, at most `ms`; a changed setting, the link's end, or (when asked) a first dirty block cuts it short. */
  async #waitForWake(ms: number, forDirty = false): Promise<void> {
    if (this.#stop.signal.aborted || ms <= 0) return
    const closed = this.#link?.closed
    await new Promise<void>((resolve) => {
      const done = () => {
        clearTimeout(timer)
        this.#wake = this.#wakeForDirty = () => {}
        this.#stop.signal.removeEventListener('abort', done)
        closed?.removeEventListener('abort', done)
        resolve()
      }
      const timer = setTimeout(done, ms)
      this.#wake = done
      if (forDirty) this.#wakeForDirty = done
      this.#stop.signal.addEventListener('abort', done)
      closed?.addEventListener('abort', done)
    })
  }
}
