import type { DiskTap } from '../tap/disk-tap.ts'
import type { SyncState } from './sync-state.ts'

/** What is written in this time, and in the time before, is sent again after a kill. */
const SEAL_EVERY_MS = 10_000

/** Whether what was sealed may be forgotten is looked at this often. */
const TICK_MS = 1_000

/**
 * Lets a tap forget writes that the target durably has: seals what was written, waits until all of it is there,
 * releases, and so on. A tap that fails to is asked again; it then only remembers more than it need.
 */
export class HistoryKeeper {
  readonly #tap: Pick<DiskTap, 'history' | 'settle' | 'refresh'>
  readonly #sync: SyncState
  readonly #now: () => number
  readonly #timer: NodeJS.Timeout
  #lastSealMs: number
  #sealed: { readonly atMs: number; readonly release: () => Promise<void> } | null = null
  #working: Promise<void> | null = null

  constructor(tap: Pick<DiskTap, 'history' | 'settle' | 'refresh'>, sync: SyncState, now: () => number) {
    this.#tap = tap
    this.#sync = sync
    this.#now = now
    this.#lastSealMs = now()
    this.#timer = setInterval(() => this.tick(), TICK_MS)
  }

  /** Where a disk is seen by moments a seal costs nothing, and the next moment waits for it. */
  get #everyMs(): number {
    return this.#tap.refresh === undefined ? SEAL_EVERY_MS : TICK_MS
  }

  /** Does what is due; never rejects. */
  tick(): void {
    this.#working ??= this.#work()
      .catch(() => {})
      .finally(() => {
        this.#working = null
      })
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer)
    await this.#working
  }

  async #work(): Promise<void> {
    if (this.#sealed !== null) {
      // Later than the seal, not at it: clocks count whole milliseconds.
      if (!this.#sync.isClean && this.#sync.coveredAtMs <= this.#sealed.atMs) return
      const { release } = this.#sealed
      this.#sealed = null
      await release()
    } else if (this.#now() - this.#lastSealMs >= this.#everyMs) {
      this.#lastSealMs = this.#now()
      const release = await this.#tap.history.seal()
      await this.#tap.settle()
      this.#sealed = { atMs: this.#now(), release }
    }
  }
}
