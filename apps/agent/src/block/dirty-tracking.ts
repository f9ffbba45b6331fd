import type { BlockDevice } from '@driftless/nbd'
import { blocksOf } from './map.ts'

/** Who wants to know which blocks a guest writes; see `replicator/sync-state.ts`. */
export interface DirtyListener {
  /** Blocks `first` to `end` (exclusive) are about to change, or have just changed. */
  mark(first: number, end: number): void
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
export class DirtyTracking implements BlockDevice {
  readonly sizeBytes: number
  readonly #inner: BlockDevice
  #listener: DirtyListener | null = null
  #pendingWrites = 0
  #frozen = false

  constructor(inner: BlockDevice) {
    this.#inner = inner
    this.sizeBytes = inner.sizeBytes
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
    return this.#pendingWrites
  }

  read(offset: number, into: Buffer): Promise<void> {
    return this.#inner.read(offset, into)
  }

  write(offset: number, data: Buffer): Promise<void> {
    return this.#change(offset, data.length, () => this.#inner.write(offset, data))
  }

  writeZeroes(offset: number, length: number): Promise<void> {
    return this.#change(offset, length, () => this.#inner.writeZeroes(offset, length))
  }

  flush(): Promise<void> {
    return this.#inner.flush()
  }

  close(): Promise<void> {
    return this.#inner.close()
  }

  async #change(offset: number, length: number, submit: () => Promise<void>): Promise<void> {
    if (this.#frozen) throw new FrozenError()
    const { first, end } = blocksOf(offset, length)
    this.#listener?.mark(first, end)
    this.#pendingWrites += 1
    try {
      await submit()
    } finally {
      this.#pendingWrites -= 1
      this.#listener?.mark(first, end)
    }
  }
}
