import { BlockError } from '@driftless/nbd'
import type { BlockDevice, Extent } from '@driftless/nbd'
import { DirtyMap } from '../../../block/dirty-map.ts'
import type { BlockRun } from '../../../block/dirty-map.ts'
import { BLOCK_BYTES, blockCount } from '../../../block/map.ts'

/** Most blocks that one look for data or a hole spans. */
const LOOK_BLOCKS = 2 ** 30

/**
 * A disk as it stood still at the latest moment. Between two moments nothing can be read: reads wait. Written to it is never.
 */
export class FrozenDisk implements BlockDevice {
  readonly sizeBytes: number
  /** Null between two moments. */
  #reader: BlockDevice | null = null
  #shown = Promise.withResolvers<void>()
  #closed = false
  #reading = 0
  #drained: () => void = () => {}
  #wanted: () => void = () => {}
  /** What may hold data; null: nobody knows, all may. */
  #allocated: DirtyMap | null = null

  constructor(sizeBytes: number) {
    this.sizeBytes = sizeBytes
  }

  /** Called when somebody wants to read and has to wait. */
  onWanted(callback: () => void): void {
    this.#wanted = callback
  }

  /** Shows the disk by this reader from now on. */
  show(reader: BlockDevice): void {
    this.#reader = reader
    this.#shown.resolve()
  }

  /** Lets reads wait from now on. Resolves to what it was shown by, when nobody reads that any more; null: it was not shown. */
  async hide(): Promise<BlockDevice | null> {
    const reader = this.#reader
    if (reader === null) return null
    this.#reader = null
    this.#shown = Promise.withResolvers()
    if (this.#reading > 0) await new Promise<void>((resolve) => (this.#drained = resolve))
    return reader
  }

  async read(offset: number, into: Buffer): Promise<void> {
    while (this.#reader === null) {
      if (this.#closed) throw new BlockError('ESHUTDOWN', 'The disk is no longer read.')
      this.#wanted()
      await this.#shown.promise
    }
    this.#reading += 1
    try {
      await this.#reader.read(offset, into)
    } finally {
      this.#reading -= 1
      if (this.#reading === 0) this.#drained()
    }
  }

  /** Learns what holds data: everything else reads as zeroes. Null: nobody knows. */
  know(allocated: readonly BlockRun[] | null): void {
    this.#allocated = allocated === null ? null : new DirtyMap(blockCount(this.sizeBytes))
    if (allocated !== null) this.changed(allocated)
  }

  /** These may hold data from now on. */
  changed(runs: readonly BlockRun[]): void {
    for (const { first, end } of runs) this.#allocated?.mark(first, end)
  }

  extents(offset: number, length: number): Promise<Extent[]> {
    const allocated = this.#allocated
    if (allocated === null) return Promise.resolve([{ length, zero: false }])
    const found: Extent[] = []
    const end = offset + length
    for (let at = offset; at < end; ) {
      const run = allocated.nextRun(Math.floor(at / BLOCK_BYTES), LOOK_BLOCKS)
      const dataFrom = run === null ? end : Math.min(end, Math.max(at, run.first * BLOCK_BYTES))
      if (dataFrom > at) found.push({ length: dataFrom - at, zero: true })
      const dataTo = run === null ? end : Math.min(end, run.end * BLOCK_BYTES)
      if (dataTo > dataFrom) found.push({ length: dataTo - dataFrom, zero: false })
      at = dataTo
    }
    return Promise.resolve(found)
  }

  write(): Promise<void> {
    return readOnly()
  }

  writeZeroes(): Promise<void> {
    return readOnly()
  }

  flush(): Promise<void> {
    return Promise.resolve()
  }

  /** Whoever waits to read is told that the disk is gone. Hide it first. */
  close(): Promise<void> {
    this.#closed = true
    this.#shown.resolve()
    return Promise.resolve()
  }
}

const readOnly = (): Promise<never> => Promise.reject(new BlockError('EPERM', 'A disk that stands still is only read.'))
