import type { SessionEvent } from '@driftless/nbd'

/** A daemon sends something each second. One that we hear nothing of for so long is hung up on: it may be about to go on without us. */
export const SILENCE_MS = 3_000
/** One that is back within this time has held its guest's writes meanwhile; see the contract in `filter-channel.ts`. */
export const GRACE_MS = 3_000

export interface PresenceOptions {
  readonly nowMs: () => number
  /** Writes may have gone past us. */
  readonly missed: () => void
  /** Ends the daemon's connections. */
  readonly hangUp: () => void
}

/** Whether a filter's daemon is there, and whether writes may have gone past us while it was not. */
export class ChannelPresence {
  readonly #options: PresenceOptions
  #sessions = 0
  #heardMs = 0
  /** When its last connection ended; null: it was never here, or what it missed since has been told. */
  #goneMs: number | null = null
  /** It closed the disk: until it is back nobody writes. */
  #left = false

  constructor(options: PresenceOptions) {
    this.#options = options
  }

  get connected(): boolean {
    return this.#sessions > 0
  }

  /** A client came or went. */
  session(event: SessionEvent): void {
    const now = this.#options.nowMs()
    if (event === 'BEGUN') {
      if (this.#sessions === 0 && (this.#goneMs === null || now - this.#goneMs > GRACE_MS)) this.#options.missed()
      this.#sessions += 1
      this.#heardMs = now
      return
    }
    this.#sessions -= 1
    this.#left = event === 'LEFT'
    this.#goneMs = now
    // With one of several connections whatever was under way on it is gone, and the others do not tell.
    if (this.#sessions > 0 && !this.#left) this.#options.missed()
  }

  /** The daemon has asked for something. */
  heard(): void {
    this.#heardMs = this.#options.nowMs()
  }

  /** To be called several times a second. */
  check(): void {
    const now = this.#options.nowMs()
    if (this.#sessions > 0 && now - this.#heardMs > SILENCE_MS) {
      this.#options.missed()
      this.#options.hangUp()
      this.#heardMs = now
    }
    if (this.#sessions > 0 || this.#left || this.#goneMs === null || now - this.#goneMs <= GRACE_MS) return
    this.#goneMs = null
    this.#options.missed()
  }
}
