/** May be under way before anything is known: a tenth of a second at 20 Mbit/s. */
const FIRST_WINDOW_BYTES = 256 * 1024

/** Enough for a frame and its answer on any link. */
const MIN_WINDOW_BYTES = 128 * 1024

/** Bounds memory; at twice the bandwidth-delay product this fills 1 Gbit/s at 64 ms. */
const MAX_WINDOW_BYTES = 16 * 1024 * 1024

/** However short the round trip, this much time's worth may be under way: it rides over both ends' scheduling. */
const MIN_WINDOW_SECONDS = 0.02

/** The rate is the best of the last one to two of these: a stall is not the link's rate. */
const RATE_PERIOD_MS = 1_500

/** A round trip measured longer ago is measured anew, with the pipe nearly empty. */
const RTT_EXPIRES_MS = 10_000

/** A mark goes out for each of these parts of the window. */
const MARKS_IN_WINDOW = 8

interface Mark {
  readonly sentBytes: number
  readonly ackedBytes: number
  readonly sentAtMs: number
  /** More would have been sent, had the window allowed it: what is measured is the link, not the sender. */
  readonly limited: boolean
  readonly lean: boolean
}

/**
 * How much may be under way on one connection: near twice what the link carries in a round trip, so that it is
 * never idle, and a dirty block never waits behind much more. Learned from marks that the target answers, as BBR
 * does (Cardwell et al., ACM Queue 14/5, 2016): highest delivery rate, lowest round trip.
 */
export class FlowControl {
  readonly #nowMs: () => number
  readonly #marks: Mark[] = []
  #sentBytes = 0
  #markedBytes = 0
  #ackedBytes = 0
  #limited = false
  #lastLimitedMs = Number.NEGATIVE_INFINITY
  #rate: { best: number; before: number; sinceMs: number } | null = null
  #rttMs: number | null = null
  #rttAtMs = 0
  #draining = false

  constructor(nowMs: () => number = () => performance.now()) {
    this.#nowMs = nowMs
  }

  get inFlightBytes(): number {
    return this.#sentBytes - this.#ackedBytes
  }

  get windowBytes(): number {
    if (this.#rate === null || this.#rttMs === null) return FIRST_WINDOW_BYTES
    const seconds = Math.max((2 * this.#rttMs) / 1000, MIN_WINDOW_SECONDS)
    return Math.min(MAX_WINDOW_BYTES, Math.max(MIN_WINDOW_BYTES, this.#bestRate(this.#rate) * seconds))
  }

  /** Whether the next frame may go out. False: ask again after the next answer. */
  hasRoom(): boolean {
    if (this.#draining) return this.inFlightBytes <= this.#leanBytes
    if (this.inFlightBytes < this.windowBytes) return true
    this.#limited = true
    this.#lastLimitedMs = this.#nowMs()
    if (this.#rttMs !== null && this.#lastLimitedMs - this.#rttAtMs > RTT_EXPIRES_MS) this.#draining = true
    return false
  }

  sent(bytes: number): void {
    this.#sentBytes += bytes
  }

  get markDue(): boolean {
    return this.#draining || this.#sentBytes - this.#markedBytes >= this.windowBytes / MARKS_IN_WINDOW
  }

  /** Something was sent that no mark covers yet: without one it would never count as arrived. */
  get unmarked(): boolean {
    return this.#sentBytes > this.#markedBytes
  }

  /** A mark goes out now; answers come in the same order. */
  marked(): void {
    const lean = this.#markedBytes - this.#ackedBytes <= this.#leanBytes
    if (lean) this.#draining = false
    this.#marks.push({ sentBytes: this.#sentBytes, ackedBytes: this.#ackedBytes, sentAtMs: this.#nowMs(), limited: this.#limited, lean })
    this.#markedBytes = this.#sentBytes
    this.#limited = false
  }

  /** The oldest mark was answered. False: there was none. */
  answered(): boolean {
    const mark = this.#marks.shift()
    if (mark === undefined) return false
    const now = this.#nowMs()
    this.#ackedBytes = mark.sentBytes
    const tookMs = Math.max(0.01, now - mark.sentAtMs)
    if (this.#rttMs === null || tookMs <= this.#rttMs || (mark.lean && now - this.#rttAtMs > RTT_EXPIRES_MS)) {
      this.#rttMs = tookMs
      this.#rttAtMs = now
    }
    this.#learnRate((this.#ackedBytes - mark.ackedBytes) / (tookMs / 1000), mark.limited, now)
    return true
  }

  /** Lowest round trip of late, in milliseconds, the target's work included; null before the first. */
  get rttMs(): number | null {
    return this.#rttMs
  }

  /** What the link was seen to carry while it held us back; null when it does not. */
  get limitBytesPerSecond(): number | null {
    return this.#rate === null || this.#lastLimitedMs === Number.NEGATIVE_INFINITY ? null : this.#bestRate(this.#rate)
  }

  /** The sender was held up by itself. When the link has not held it up for long, nothing is known of its limit any more. */
  starved(): void {
    if (this.#nowMs() - this.#lastLimitedMs > 2 * RATE_PERIOD_MS) this.#lastLimitedMs = Number.NEGATIVE_INFINITY
  }

  get #leanBytes(): number {
    return this.windowBytes / MARKS_IN_WINDOW
  }

  #bestRate(rate: { best: number; before: number }): number {
    return Math.max(rate.best, rate.before)
  }

  #learnRate(sample: number, limited: boolean, now: number): void {
    if (this.#rate === null) {
      this.#rate = { best: sample, before: 0, sinceMs: now }
      return
    }
    // What was sent without being held back says only that the link carries at least this.
    if (!limited && sample <= this.#bestRate(this.#rate)) return
    if (now - this.#rate.sinceMs > RATE_PERIOD_MS) this.#rate = { best: sample, before: this.#rate.best, sinceMs: now }
    else this.#rate.best = Math.max(this.#rate.best, sample)
  }
}
