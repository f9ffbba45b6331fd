/**
 * Keeps the event loop from falling asleep for a moment after a request: a guest that waits for one answer at a
 * time sends its next request some 10 µs later, and waking a sleeping thread costs more than that. An
 * immediate that is due makes the loop look for input without waiting.
 */

/** How long to stay awake after a request: the longest gap of a guest that asks one by one. */
const AWAKE_MS = 0.05
/** After so many times in vain it stays awake only … */
const PATIENCE = 4
/** … after every so-manieth request, to see whether it pays again. */
const TRY_EVERY = 32

export class BusyPoll {
  #untilMs = 0
  #running = false
  #requests = 0
  #inVain = 0

  /** A request has come in. */
  touched(): void {
    this.#requests += 1
    if (this.#running) this.#inVain = 0
    else if (this.#inVain >= PATIENCE && this.#requests % TRY_EVERY !== 0) return
    this.#untilMs = performance.now() + AWAKE_MS
    if (this.#running) return
    this.#running = true
    setImmediate(this.#look)
  }

  readonly #look = (): void => {
    if (performance.now() < this.#untilMs) setImmediate(this.#look)
    else {
      this.#running = false
      this.#inVain += 1
    }
  }
}
