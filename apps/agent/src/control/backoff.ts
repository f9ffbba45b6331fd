/** Waits after failures in a row: doubled from the first to the longest, each between half and all of that. */
export class Backoff {
  readonly #firstMs: number
  readonly #longestMs: number
  readonly #random: () => number
  #failures = 0

  constructor(firstMs: number, longestMs: number, random: () => number = Math.random) {
    this.#firstMs = firstMs
    this.#longestMs = longestMs
    this.#random = random
  }

  /** Milliseconds to wait before the next try; counts a failure. */
  nextMs(): number {
    const fullMs = Math.min(this.#longestMs, this.#firstMs * 2 ** Math.min(this.#failures, 30))
    this.#failures += 1
    return fullMs * (0.5 + this.#random() / 2)
  }

  /** It worked. */
  reset(): void {
    this.#failures = 0
  }
}
