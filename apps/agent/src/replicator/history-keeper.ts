import type { DiskTap } from '../tap/disk-tap.ts'
import type { LeftFile } from './left-file.ts'
import type { SyncState } from './sync-state.ts'

/** What is written in this time, and in the time before, is sent again after a kill. */
const SEAL_EVERY_MS = 10_000

/** Whether what was sealed may be forgotten is looked at this often. */
const TICK_MS = 1_000

/** Saving what is left takes at most this part of the time. */
const KEEPING_SHARE = 20

/** What is left is kept in a file, in this epoch: then nothing need be at the target for the tap to forget it. */
export interface Keeping {
  readonly epoch: string
  readonly left: LeftFile
}

/**
 * Lets a tap forget writes that the target durably has: seals what was written, waits until all of it is there,
 * releases, and so on. A tap that fails to is asked again; it then only remembers more than it need.
 */
export class HistoryKeeper {
  readonly #tap: Pick<DiskTap, 'history' | 'settle' | 'refresh'>
  readonly #sync: SyncState
  readonly #now: () => number
  readonly #keeping: () => Keeping | null
  readonly #timer: NodeJS.Timeout
  #lastSealMs: number
  #notBeforeMs = 0
  #sealed: { readonly atMs: number; readonly release: () => Promise<void> } | null = null
  #working: Promise<void> | null = null

  constructor(tap: Pick<DiskTap, 'history' | 'settle' | 'refresh'>, sync: SyncState, now: () => number, keeping: () => Keeping | null = () => null) {
    this.#tap = tap
    this.#keeping = keeping
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

  /** In order: what is left is saved as it is, twice, as a tap remembers for one seal longer what was written lately. */
  async stop(): Promise<void> {
    clearInterval(this.#timer)
    await this.#working
    for (let seal = 0; seal < 2; seal += 1) {
      const keeping = this.#keeping()
      if (keeping !== null) await this.#keep(keeping).catch(() => {}) // then more is sent again than need be
    }
  }

  async #work(): Promise<void> {
    const keeping = this.#keeping()
    if (keeping !== null) {
      if (this.#now() - this.#lastSealMs < this.#everyMs || this.#now() < this.#notBeforeMs) return
      return this.#keep(keeping)
    }
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

  /** Seals, and saves what is left: all that was written before the seal is in the file then, or at the target. */
  async #keep({ epoch, left }: Keeping): Promise<void> {
    const startMs = this.#now()
    this.#lastSealMs = startMs
    const release = await this.#tap.history.seal()
    await this.#tap.settle()
    const sealedAtMs = this.#now()
    const saved = await left.save(epoch, this.#sync)
    this.#notBeforeMs = this.#now() + KEEPING_SHARE * (this.#now() - startMs)
    // Where all of it is to be compared meanwhile, or there is too much, the tap remembers on.
    if (saved && this.#keeping()?.epoch === epoch) {
      this.#sealed = null
      await release()
    } else this.#sealed = { atMs: sealedAtMs, release }
  }
}
