/**
 * Decides whether a call to the kernel is made at once, on the thread that asks, or handed to another one.
 * Out of the page cache a call takes a few microseconds, less than handing it over; from a disk it takes
 * long, and calls handed over wait side by side. Nothing in Node tells which it will be, so the calls tell.
 */

/** A call at once may take this long, and so much more a byte: beyond what a page cache takes, below what a disk does. */
const QUICK_MS = 0.04
const QUICK_MS_PER_BYTE = 0.3e-6
/** A slow call counts for so many quick ones: a single one is the scheduler's, one of five is the disk's. */
const SLOW_WEIGHT = 4
const TOO_SLOW = 2 * SLOW_WEIGHT
/** After that, so many calls are handed over before one is tried again: at first, and at the most. */
const FIRST_REST = 32
const LONGEST_REST = 1024
/** A call that nothing else waits for may take this long at once: as quick as a disk gets, never a slow one. */
const ALONE_MS = 0.5

export class CallGate {
  #score = 0
  #rest = 0
  #nextRest = FIRST_REST
  #aloneRest = 0

  /** Whether the next call is made at once. `alone`: nothing could be done meanwhile. */
  opens(alone: boolean): boolean {
    if (this.#aloneRest > 0) this.#aloneRest -= 1
    else if (alone) return true
    if (this.#rest === 0) return true
    this.#rest -= 1
    return false
  }

  /** A call made at once took so long for so many bytes. */
  took(ms: number, bytes: number): void {
    if (ms > ALONE_MS + bytes * QUICK_MS_PER_BYTE) this.#aloneRest = LONGEST_REST
    if (ms <= QUICK_MS + bytes * QUICK_MS_PER_BYTE) {
      if (this.#score > 0) this.#score -= 1
      if (this.#score === 0) this.#nextRest = FIRST_REST
      return
    }
    this.#score = Math.min(this.#score + SLOW_WEIGHT, TOO_SLOW)
    if (this.#score < TOO_SLOW || this.#rest > 0) return
    this.#rest = this.#nextRest
    this.#nextRest = Math.min(this.#nextRest * 2, LONGEST_REST)
  }
}
