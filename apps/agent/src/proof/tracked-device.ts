import type { BlockDevice } from '@driftless/nbd'
import { Filter } from '../block/filter.ts'
import { blocksOf } from '../block/map.ts'
import type { PieceTable } from './piece-table.ts'

/** A disk whose changes make the pieces of its table stale: before the change is submitted, and again when it is done. */
export class TrackedDevice extends Filter {
  readonly #table: PieceTable

  constructor(inner: BlockDevice, table: PieceTable) {
    super(inner)
    this.#table = table
  }

  write(offset: number, data: Buffer): Promise<void> {
    return this.#change(offset, data.length, () => this.inner.write(offset, data))
  }

  writeZeroes(offset: number, length: number): Promise<void> {
    return this.#change(offset, length, () => this.inner.writeZeroes(offset, length))
  }

  writeNow(offset: number, data: Buffer, alone?: boolean): boolean {
    this.#touch(offset, data.length)
    return this.inner.writeNow?.(offset, data, alone) ?? false
  }

  async #change(offset: number, length: number, submit: () => Promise<void>): Promise<void> {
    this.#touch(offset, length)
    try {
      await submit()
    } finally {
      this.#touch(offset, length)
    }
  }

  #touch(offset: number, length: number): void {
    const { first, end } = blocksOf(offset, length)
    this.#table.touch(first, end)
  }
}
