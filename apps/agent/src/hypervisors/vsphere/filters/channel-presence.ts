import type { SessionEvent } from '@driftless/nbd'
import { Sight } from '../../../tap/sight.ts'

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
  /** Lost as soon as the daemon may let writes pass, which it does some seconds later at the earliest. */
  readonly sight = new Sight(false)
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
      if (this.#sessions === 0 && (this.#goneMs === null || now - this.#goneMs > GRACE_MS)) this.#missed()
      this.sight.regain()
      this.#sessions += 1
      this.#heardMs = now
      return
    }
    this.#sessions -= 1
    this.#left = event === 'LEFT'
    this.#goneMs = now
    // With one of several connections whatever was under way on it is gone, and the others do not tell.
    if (this.#sessions > 0 && !this.#left) this.#missed()
  }

  /** The daemon has asked for something. */
  heard(): void {
    this.#heardMs = this.#options.nowMs()
  }

  /** To be called several times a second. */
  check(): void {
    const now = this.#options.nowMs()
    if (this.#sessions > 0 && now - this.#heardMs > SILENCE_MS) {
      this.#lost()
      this.#options.hangUp()
      this.#heardMs = now
    }
    if (this.#sessions > 0 || this.#left || this.#goneMs === null || now - this.#goneMs <= GRACE_MS) return
    this.#goneMs = null
    this.#lost()
  }

  /** While nobody is here: whether the guest runs. One that is off writes nothing. */
  guestSeen(running: boolean): void {
    if (!running) return this.sight.regain()
    // Shortly after a connection broke the daemon holds writes; after it closed the disk it calls before the first one.
    if (this.#goneMs !== null || !this.sight.seeing) return
    this.sight.missed()
    this.sight.lose()
  }

  /** Writes went past us until now, or may have: since the sight was lost, or else nobody knows since when. */
  #missed(): void {
    if (this.sight.seeing) this.sight.missed()
    this.#options.missed()
  }

  /** From now on writes may go past us. */
  #lost(): void {
    this.sight.lose()
    this.#options.missed()
  }
}
