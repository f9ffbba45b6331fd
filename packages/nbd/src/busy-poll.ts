/**
 * Keeps the event loop from falling asleep for a moment after an answer: a guest that waits for one answer at a
 * time sends its next request some 10 µs later, and waking a core that fell asleep costs more than that. An
 * immediate that is due makes the loop look for input without waiting. On a machine with more to do than cores
 * this gains nothing and costs its turn: whoever is found interrupted while awake sleeps for a while.
 */

/** How long to stay awake after a request: the longest gap of a guest that asks one by one, itself in a virtual machine that is slow to wake. */
const AWAKE_MS = 0.15
/** After so many times in vain it stays awake only … */
const PATIENCE = 4
/** … after every so-manieth request, to see whether it pays again. */
const TRY_EVERY = 32
/** Between two looks nothing happens: when they lie so far apart, somebody else had the core. */
const INTERRUPTED_MS = 0.5
/**
 * So long it sleeps then: at first, and at the most; where others always want the core it takes less than a hundredth of it.
 * The second limit is also how long peace has to last to be believed.
 */
const FIRST_REST_MS = 10
const LONGEST_REST_MS = 200

export class BusyPoll {
  readonly #nowMs: () => number
  #untilMs = 0
  #running = false
  #requests = 0
  #inVain = 0
  #lookedMs = 0
  #restUntilMs = 0
  #restMs = FIRST_REST_MS

  /** `nowMs`: milliseconds, monotonic; a test brings its own. */
  constructor(nowMs: () => number = () => performance.now()) {
    this.#nowMs = nowMs
  }

  /** Whether the loop is kept awake now. */
  get awake(): boolean {
    return this.#running
  }

  /** There is nothing to be quick for, and others want the core. */
  relax(): void {
    this.#untilMs = 0
  }

  /** A request has been answered, and nothing else is under way. */
  touched(): void {
    this.#requests += 1
    if (this.#running) this.#inVain = 0
    else if (this.#inVain >= PATIENCE && this.#requests % TRY_EVERY !== 0) return
    const now = this.#nowMs()
    if (now < this.#restUntilMs) return
    this.#untilMs = now + AWAKE_MS
    // What the request itself takes is no interruption.
    this.#lookedMs = Number.POSITIVE_INFINITY
    if (this.#running) return
    this.#running = true
    setImmediate(this.#look)
  }

  readonly #look = (): void => {
    const now = this.#nowMs()
    if (now - this.#lookedMs > INTERRUPTED_MS) this.#rest(now)
    this.#lookedMs = now
    if (now < this.#untilMs) setImmediate(this.#look)
    else {
      this.#running = false
      if (this.#untilMs > 0) this.#inVain += 1
    }
  }

  #rest(now: number): void {
    this.#restMs = now - this.#restUntilMs > LONGEST_REST_MS ? FIRST_REST_MS : Math.min(this.#restMs * 2, LONGEST_REST_MS)
    this.#restUntilMs = now + this.#restMs
    this.#untilMs = now
  }
}
