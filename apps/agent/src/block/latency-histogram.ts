/** Buckets grow by a fifth: a percentile is read to within 20 %, from 10 µs up to about 15 minutes. */
const FIRST_EDGE_MS = 0.01
const GROWTH = 1.2
const BUCKETS = 100
const LOG_GROWTH = Math.log(GROWTH)

/** Counts durations in fixed memory and reads percentiles back. */
export class LatencyHistogram {
  readonly #counts = new Uint32Array(BUCKETS)
  #total = 0
  #longestMs = 0

  record(ms: number): void {
    const index = ms <= FIRST_EDGE_MS ? 0 : Math.ceil(Math.log(ms / FIRST_EDGE_MS) / LOG_GROWTH)
    const bucket = Math.min(index, BUCKETS - 1)
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1
    this.#total += 1
    if (ms > this.#longestMs) this.#longestMs = ms
  }

  get count(): number {
    return this.#total
  }

  /** Milliseconds that `share` (0 to 1) of the durations did not exceed, rounded up to a bucket's edge, never above the longest; null when empty. */
  percentile(share: number): number | null {
    if (this.#total === 0) return null
    const wanted = Math.ceil(share * this.#total)
    let seen = 0
    for (let bucket = 0; bucket < BUCKETS; bucket += 1) {
      seen += this.#counts[bucket] ?? 0
      if (seen >= wanted) return Math.min(this.#longestMs, FIRST_EDGE_MS * GROWTH ** bucket)
    }
    return this.#longestMs
  }

  addAll(other: LatencyHistogram): void {
    for (let bucket = 0; bucket < BUCKETS; bucket += 1) {
      this.#counts[bucket] = (this.#counts[bucket] ?? 0) + (other.#counts[bucket] ?? 0)
    }
    this.#total += other.#total
    this.#longestMs = Math.max(this.#longestMs, other.#longestMs)
  }

  reset(): void {
    this.#counts.fill(0)
    this.#total = 0
    this.#longestMs = 0
  }
}
