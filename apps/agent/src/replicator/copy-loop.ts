import type { TokenBucket } from '../block/token-bucket.ts'
import type { DiskLink } from '../stream/disk-link.ts'
import { StreamError } from '../stream/protocol.ts'
import type { DiskTap } from '../tap/disk-tap.ts'
import { BlockCopier } from './block-copier.ts'
import type { SyncState } from './sync-state.ts'

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

/** How a disk is to be copied; may change at any time, and is then followed after `CopyLoop.stir`. */
export interface CopyWishes {
  /** Nothing is sent, what is written is remembered. */
  paused: boolean
  /** Dirty blocks are sent at once instead of being gathered. */
  urgent: boolean
  /** No write to the disk is under way, and none will be. */
  still: boolean
  /** The sweep waits while another VM is being cut over; what the guest writes is still sent. */
  sweepHeld: boolean
}

export interface CopyLoopOptions {
  readonly link: DiskLink
  readonly tap: Pick<DiskTap, 'device'>
  readonly sync: SyncState
  readonly buckets: TokenBucket[]
  readonly wishes: Readonly<CopyWishes>
  readonly now: () => number
  /** The target durably took something, or there was nothing to take. */
  readonly progressed: () => void
}

/** A marker that is to go out once nothing is dirty. */
interface PointRequest {
  readonly moment: number
  readonly sent: PromiseWithResolvers<void>
  readonly reached: PromiseWithResolvers<void>
}

/** What goes over one connection, and in which order: dirty blocks before the sweep, and markers behind both. */
export class CopyLoop {
  readonly #options: CopyLoopOptions
  #copier: BlockCopier | null = null
  /** The latest marker under way, and how many there are. */
  #flushing: Promise<void> | null = null
  #flushes = 0
  #lastFlushMs: number
  #point: PointRequest | null = null
  /** Something has stirred since it was last waited for. */
  #news = false
  #stirred: () => void = () => {}

  constructor(options: CopyLoopOptions) {
    this.#options = options
    this.#lastFlushMs = options.now()
  }

  /** Guest bytes that the sweep has sent: zero and equal blocks not counted. */
  get backgroundBytes(): number {
    return this.#copier?.backgroundBytes ?? 0
  }

  /** Something that it may be waiting for has happened: a wish, or a dirty block. */
  stir(): void {
    this.#news = true
    this.#stirred()
  }

  /** Sends until the link breaks (it rejects with the reason), the signal aborts, or it is wished to pause. */
  async run(signal: AbortSignal): Promise<void> {
    const { link, tap, sync, buckets, now } = this.#options
    this.#copier = new BlockCopier({ device: tap.device, link, sync, buckets, signal: link.closed })
    this.#lastFlushMs = now()
    const stir = () => this.stir()
    for (const over of [signal, link.closed]) over.addEventListener('abort', stir)
    try {
      await this.#send(this.#copier, signal)
    } finally {
      signal.removeEventListener('abort', stir)
    }
  }

  async #send(copier: BlockCopier, signal: AbortSignal): Promise<void> {
    const { link, sync, wishes, now: clock, progressed } = this.#options
    let nextPassMs = 0
    while (!signal.aborted && !wishes.paused) {
      link.closed.throwIfAborted()
      if (this.#point !== null) await this.#sendPoint(this.#point, copier)
      const now = clock()
      const flushDue = copier.unflushedBytes >= FLUSH_EVERY_BYTES || (sync.needsFlush && now - this.#lastFlushMs >= FLUSH_EVERY_MS)
      if (flushDue && this.#flushing === null) this.#startFlush(copier)
      if (copier.unflushedBytes >= MAX_UNFLUSHED_BYTES - FLUSH_EVERY_BYTES) await this.#flushing
      if ((wishes.urgent || now >= nextPassMs) && sync.dirtyBytes > 0) sync.beginPass()
      if (await copier.copyForeground()) continue
      if (!wishes.sweepHeld && (await copier.copyBackground())) {
        if (now >= nextPassMs && !wishes.urgent) nextPassMs = now + GATHER_DURING_SWEEP_MS
        continue
      }
      if (sync.needsFlush) {
        if (!this.#mayFlush && !(await this.#untilFlushed())) continue
        this.#startFlush(copier)
      }
      if (this.#flushing !== null) {
        if (await this.#untilFlushed()) nextPassMs = clock() + GATHER_MS
      } else if (sync.dirtyBytes > 0) {
        if (!wishes.urgent) await this.#wait(nextPassMs - now)
      } else {
        progressed()
        await this.#wait(HEARTBEAT_MS - (now - this.#lastFlushMs))
        if (clock() - this.#lastFlushMs >= HEARTBEAT_MS) this.#startFlush(copier)
      }
    }
  }

  /**
   * Sends what is dirty and marks the VM's `moment` after it; only while the guest's writes are held. `sent`: everything
   * was read and is in the stream, the guest may go on. `reached`: the target has come to the marker. Both reject when the
   * link breaks, or the signal aborts before `sent`.
   */
  point(moment: number, signal: AbortSignal): { sent: Promise<void>; reached: Promise<void> } {
    const request: PointRequest = { moment, sent: Promise.withResolvers(), reached: Promise.withResolvers() }
    request.reached.promise.catch(() => {}) // whoever waits for `sent` may not wait for this
    this.#point?.sent.reject(new StreamError('REPLACED', 'Another moment is to be marked.'))
    this.#point = request
    signal.addEventListener('abort', () => this.#giveUp(request, signal.reason), { once: true })
    this.stir()
    return { sent: request.sent.promise, reached: request.reached.promise }
  }

  /** The connection is gone: whoever waits for a moment is told. */
  end(why: StreamError): void {
    this.#giveUp(this.#point, why)
  }

  #giveUp(request: PointRequest | null, why: unknown): void {
    if (request === null || this.#point !== request) return
    this.#point = null
    request.sent.reject(why)
    request.reached.reject(why)
  }

  async #sendPoint(request: PointRequest, copier: BlockCopier): Promise<void> {
    const { sync, link } = this.#options
    // More than once: a pass that was under way has gone past what is dirty behind it.
    while (sync.dirtyBytes > 0 && this.#point === request) {
      sync.beginPass()
      while (this.#point === request && (await copier.copyForeground()));
    }
    await copier.read()
    if (this.#point !== request) return
    this.#point = null
    link.point(request.moment).then(request.reached.resolve, request.reached.reject)
    request.sent.resolve()
  }

  get #mayFlush(): boolean {
    return this.#flushing === null || (this.#options.wishes.still && this.#flushes < MAX_FLUSHES_WHEN_STILL)
  }

  #startFlush(copier: BlockCopier): void {
    const { link, sync, now, progressed } = this.#options
    copier.unflushedBytes = 0
    this.#lastFlushMs = now()
    sync.beginFlush()
    this.#flushes += 1
    const flushing = link.flush(sync.markedSweptBytes).then(() => {
      if (link.closed.aborted) return // the map counts on nothing of it any more
      this.#flushes -= 1
      if (this.#flushes === 0) this.#flushing = null
      sync.flushed()
      progressed()
    })
    this.#flushing = flushing
    flushing.catch(() => {}) // the link has failed: the next call on it says so
  }

  /**
   * Waits for the markers under way; false: something does not wait for them. That is a moment that is to be marked, and,
   * when all is urgent, what was written meanwhile: the last marker is to find as little before it as can be.
   */
  async #untilFlushed(): Promise<boolean> {
    const { sync, wishes } = this.#options
    const flushing = this.#flushing
    const presses = () => this.#point !== null || (wishes.urgent && sync.dirtyBytes > 0) || (wishes.still && sync.needsFlush && this.#mayFlush)
    while (this.#flushing !== null && this.#flushing === flushing && !presses()) await Promise.race([flushing, this.#untilStirred()])
    return !presses()
  }

  async #untilStirred(): Promise<void> {
    if (!this.#news) await new Promise<void>((resolve) => (this.#stirred = resolve))
    this.#news = false
  }

  /** At most `ms`; less when something stirs. */
  async #wait(ms: number): Promise<void> {
    if (ms <= 0) return
    const timer = setTimeout(() => this.stir(), ms)
    await this.#untilStirred()
    clearTimeout(timer)
  }
}
