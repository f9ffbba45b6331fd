/** Who is told when a tap loses sight of a guest's writes; see `observer/vm-observer.ts`. */
export interface SightWatcher {
  /** `Sight.seeing` is another now. */
  turned(): void
  /** Writes may have passed unseen until now; nobody knows since when. */
  missed(): void
}

/**
 * Whether a tap sees its guest's writes at this time. For whoever counts them: a time in which none was seen is a gap, not a quiet
 * time. Replication does not rest on it; it is told by `DirtyListener.lost`.
 */
export class Sight {
  #seeing: boolean
  #watcher: SightWatcher | null = null

  constructor(seeing = true) {
    this.#seeing = seeing
  }

  /** Every write is seen, or nobody writes. */
  get seeing(): boolean {
    return this.#seeing
  }

  /** Who is told from now on; null: nobody. */
  watch(watcher: SightWatcher | null): void {
    this.#watcher = watcher
  }

  /** From now on writes may pass unseen. */
  lose(): void {
    this.#turn(false)
  }

  /** From now on every write is seen, or nobody writes. */
  regain(): void {
    this.#turn(true)
  }

  missed(): void {
    this.#watcher?.missed()
  }

  #turn(seeing: boolean): void {
    if (seeing === this.#seeing) return
    this.#seeing = seeing
    this.#watcher?.turned()
  }
}
