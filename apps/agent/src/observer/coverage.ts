import { UNSEEN_SHARE } from '@driftless/agent-api'
import { LONGEST_SPAN } from './minute-stamps.ts'

/** How much of each of the latest 1,440 minutes was not seen, in milliseconds; what was before the first is unseen. */
export class Coverage {
  readonly #lengthMs: number
  readonly #unseenMs: number[]
  #minute: number

  constructor(lengthMs: number, minute: number, unseenMs: readonly number[] = new Array<number>(LONGEST_SPAN).fill(lengthMs)) {
    this.#lengthMs = lengthMs
    this.#minute = minute
    this.#unseenMs = [...unseenMs]
  }

  /** The minute `minute` is over, and `coveredMs` of it was seen; what lies between it and the last one was not. */
  close(minute: number, coveredMs: number): void {
    this.skipTo(minute)
    this.#unseenMs[minute % LONGEST_SPAN] = Math.max(0, this.#lengthMs - coveredMs)
    this.#minute = minute + 1
  }

  /** Nothing was seen from the last minute on until `minute`. */
  skipTo(minute: number): void {
    const from = Math.max(this.#minute, minute - LONGEST_SPAN)
    for (let missed = from; missed < minute; missed += 1) this.#unseenMs[missed % LONGEST_SPAN] = this.#lengthMs
    this.#minute = Math.max(this.#minute, minute)
  }

  /** Whether the latest `minutes` that are over were seen, but for a hundredth of them. */
  knows(minutes: number): boolean {
    let unseenMs = 0
    for (let back = 1; back <= minutes; back += 1) unseenMs += this.#unseenMs[(this.#minute - back + LONGEST_SPAN) % LONGEST_SPAN] ?? this.#lengthMs
    return unseenMs <= UNSEEN_SHARE * minutes * this.#lengthMs
  }

  get unseenMs(): readonly number[] {
    return this.#unseenMs
  }
}
