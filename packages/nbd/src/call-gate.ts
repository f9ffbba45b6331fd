/**
 * Decides whether a call to the kernel is made at once, on the thread that asks, or handed to another one.
 * Out of the page cache a call takes a few microseconds, less than handing it over; from a disk it takes
 * long, and calls handed over wait side by side. Nothing in Node tells which it will be, so the calls tell.
 */

/**
 * A call at once may take this long, and so much more a byte. Reads: beyond what a page cache takes, below what a disk
 * does. Writes wait for one another whatever thread they are on (a file has one lock for them): only what
 * would hold up everything else is handed over.
 */
export const READ_LIMITS = { quickMs: 0.04, quickMsPerByte: 0.3e-6 }
export const WRITE_LIMITS = { quickMs: 0.5, quickMsPerByte: 1e-6 }
/** A call that nothing else waits for may take this long: as quick as a disk gets, never a slow one. */
const ALONE_MS = 0.5
/** A slow call counts for so many quick ones: a single one is the scheduler's, three of a dozen are the disk's. */
const SLOW_WEIGHT = 4
const TOO_SLOW = 3 * SLOW_WEIGHT
/** After that, so many calls are handed over before one is tried again: at first, and at the most. */
const FIRST_REST = 8
const LONGEST_REST = 1024

export class CallGate {
  readonly #limits: { readonly quickMs: number; readonly quickMsPerByte: number }
  readonly #crowded = new Patience()
  readonly #alone = new Patience()

  constructor(limits: { readonly quickMs: number; readonly quickMsPerByte: number }) {
    this.#limits = limits
  }

  /** Whether the next call is made at once. `alone`: nothing could be done meanwhile. */
  opens(alone: boolean): boolean {
    return alone ? this.#alone.tries() : this.#crowded.tries()
  }

  /** A call made at once took so long for so many bytes. */
  took(ms: number, bytes: number): void {
    const { quickMs, quickMsPerByte } = this.#limits
    this.#crowded.met(ms > quickMs + bytes * quickMsPerByte)
    this.#alone.met(ms > ALONE_MS + bytes * quickMsPerByte)
  }
}

/** Gives up after enough slow calls, and tries again, less and less often as long as they stay slow. */
class Patience {
  #score = 0
  #rest = 0
  #nextRest = FIRST_REST

  tries(): boolean {
    if (this.#rest === 0) return true
    this.#rest -= 1
    return false
  }

  met(slow: boolean): void {
    if (!slow) {
      if (this.#score > 0) this.#score -= 1
      else this.#nextRest = FIRST_REST
      return
    }
    this.#score = Math.min(this.#score + SLOW_WEIGHT, TOO_SLOW)
    if (this.#score < TOO_SLOW || this.#rest > 0) return
    this.#rest = this.#nextRest
    this.#nextRest = Math.min(this.#nextRest * 2, LONGEST_REST)
  }
}
