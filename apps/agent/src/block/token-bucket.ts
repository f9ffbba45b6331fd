import { LatencyHistogram } from './latency-histogram.ts'

/** Time as the bucket sees it; tests put their own in. */
export interface Clock {
  /** Milliseconds, monotonic. */
  nowMs(): number
  sleep(ms: number): Promise<void>
}

export const systemClock: Clock = {
  nowMs: () => performance.now(),
  sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
}

/** A waiting taker looks again this often, so that a changed rate or an abort takes effect soon. */
const SLICE_MS = 200

/** What may be taken at once after a pause: a tenth of a second's worth keeps the link even. */
const BURST_SECONDS = 0.1

/**
 * Grants bytes at a rate, in the order they were asked for. Each taker holds a ticket (the sum
 * of everything asked for up to it) and goes on when the credit, which grows with time, reaches it.
 */
export class TokenBucket {
  readonly #clock: Clock
  #rateBytesPerSecond: number | null = null
  #requested = 0
  #credit = 0
  #lastMs: number
  #longestWaitMs = Number.POSITIVE_INFINITY
  #waits = new LatencyHistogram()

  constructor(clock: Clock = systemClock) {
    this.#clock = clock
    this.#lastMs = clock.nowMs()
  }

  get rateBytesPerSecond(): number | null {
    return this.#rateBytesPerSecond
  }

  /** Null lifts the cap. Zero holds everything back until the rate changes. */
  setRate(rateBytesPerSecond: number | null): void {
    if (rateBytesPerSecond === this.#rateBytesPerSecond) return
    this.#refill()
    if (this.#rateBytesPerSecond === null) this.#credit = this.#requested
    this.#rateBytesPerSecond = rateBytesPerSecond
  }

  /** Nobody waits longer than this: then the bytes are granted and forgiven, and the rate is exceeded. Null: as long as it takes. */
  setLongestWait(longestWaitMs: number | null): void {
    this.#longestWaitMs = longestWaitMs ?? Number.POSITIVE_INFINITY
  }

  /** As set; null: as long as it takes. */
  get longestWaitMs(): number | null {
    return Number.isFinite(this.#longestWaitMs) ? this.#longestWaitMs : null
  }

  /** How long takers waited since the last call, in milliseconds; only those who met a cap are counted. */
  takeWaits(): LatencyHistogram {
    const waits = this.#waits
    this.#waits = new LatencyHistogram()
    return waits
  }

  /** Resolves when `bytes` may be used. Returns early, granting, when `signal` aborts. */
  async take(bytes: number, signal?: AbortSignal): Promise<void> {
    if (this.#rateBytesPerSecond === null) return
    this.#requested += bytes
    const ticket = this.#requested
    const askedMs = this.#clock.nowMs()
    for (;;) {
      this.#refill()
      const rate = this.#rateBytesPerSecond
      const waitedMs = this.#lastMs - askedMs
      const granted = rate === null || this.#credit >= ticket
      if (!granted && (signal?.aborted === true || waitedMs >= this.#longestWaitMs)) this.#credit += bytes
      else if (!granted) {
        const waitMs = rate > 0 ? ((ticket - this.#credit) / rate) * 1000 : SLICE_MS
        await this.#clock.sleep(Math.max(1, Math.min(SLICE_MS, waitMs, this.#longestWaitMs - waitedMs)))
        continue
      }
      this.#waits.record(waitedMs)
      return
    }
  }

  #refill(): void {
    const now = this.#clock.nowMs()
    const rate = this.#rateBytesPerSecond ?? 0
    const ceiling = this.#requested + rate * BURST_SECONDS
    this.#credit = Math.min(this.#credit + ((now - this.#lastMs) / 1000) * rate, ceiling)
    this.#lastMs = now
  }
}
