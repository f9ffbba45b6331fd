import type { BlockDevice } from '@driftless/nbd'
import { Filter } from './filter.ts'
import { blocksOf } from './map.ts'
import { PendingWrites } from './pending-writes.ts'

/** Who wants to know which blocks a guest writes; see `replicator/sync-state.ts`. */
export interface DirtyListener {
  /** Blocks `first` to `end` (exclusive) are about to change, or have just changed. */
  mark(first: number, end: number): void
  /** Writes may have gone unseen and nothing remembers which: the map is incomplete, hashes must decide. */
  lost(): void
}

/** Whom to ask before blocks change; see `block/intent-log.ts`. */
export interface WriteIntents {
  /**
   * Blocks `first` to `end` (exclusive) are about to change. When it returned without a promise, or its promise has
   * resolved, the write is submitted; when it fails, the write fails with its error. May be called twice for one write.
   */
  intend(first: number, end: number): void | Promise<void>
}

/** Rejects the guest's write while the disk must not change; the code is what an NBD client is told. */
class FrozenError extends Error {
  readonly code = 'EPERM'
  constructor() {
    super('The disk is frozen: its cutover is under way. Return or stop the migration to write to it again.')
    this.name = 'FrozenError'
  }
}

/**
 * Marks every written block with the listener, before the write is submitted and again when it
 * has completed (also when it failed: its content is unknown then). A listener may be attached
 * while writes are under way: those are marked when they complete.
 */
export class DirtyTracking extends Filter {
  readonly #intents: WriteIntents | null
  readonly #pending = new PendingWrites()
  #listener: DirtyListener | null = null
  #frozen = false

  constructor(inner: BlockDevice, options: { readonly intents?: WriteIntents } = {}) {
    super(inner)
    this.#intents = options.intents ?? null
  }

  listen(listener: DirtyListener | null): void {
    this.#listener = listener
  }

  /** While frozen, writes are refused with EPERM. Reads and flushes go on. */
  freeze(frozen: boolean): void {
    this.#frozen = frozen
  }

  /** Writes submitted and not yet completed. */
  get pendingWrites(): number {
    return this.#pending.count
  }

  /** Resolves when every write that was begun before the call has completed, and was marked. */
  settled(): Promise<void> {
    return this.#pending.settled()
  }

  write(offset: number, data: Buffer): Promise<void> {
    return this.#change(offset, data.length, () => this.inner.write(offset, data))
  }

  writeZeroes(offset: number, length: number): Promise<void> {
    return this.#change(offset, length, () => this.inner.writeZeroes(offset, length))
  }

  writeNow(offset: number, data: Buffer, alone?: boolean): boolean {
    if (this.#frozen) throw new FrozenError()
    const { first, end } = blocksOf(offset, data.length)
    const intended = this.#intents?.intend(first, end)
    if (intended !== undefined) {
      // `write` asks again, and waits then; its failure is told there.
      intended.catch(() => {})
      return false
    }
    this.#listener?.mark(first, end)
    try {
      return this.inner.writeNow?.(offset, data, alone) ?? false
    } finally {
      this.#listener?.mark(first, end)
    }
  }

  async #change(offset: number, length: number, submit: () => Promise<void>): Promise<void> {
    if (this.#frozen) throw new FrozenError()
    const { first, end } = blocksOf(offset, length)
    const pending = this.#pending.begin()
    try {
      const intended = this.#intents?.intend(first, end)
      if (intended !== undefined) await intended
      this.#listener?.mark(first, end)
      await submit()
    } finally {
      this.#listener?.mark(first, end)
      this.#pending.end(pending)
    }
  }
}
