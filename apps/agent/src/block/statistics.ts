import type { BlockDevice } from '@driftless/nbd'
import { DirtyMap } from './dirty-map.ts'
import { LatencyHistogram } from './latency-histogram.ts'
import { BLOCK_BYTES, blockCount, blocksOf } from './map.ts'

/** What a guest wrote in one interval. */
export interface WriteInterval {
  writtenBytes: number
  /** Distinct 4 KiB pages times 4,096; 0 while pages are not counted. */
  uniqueBytes: number
  latency: LatencyHistogram
}

/** Counts a guest's writes: bytes, distinct pages (only while wanted: it costs a bitmap), latency as the guest sees it. */
export class Statistics implements BlockDevice {
  readonly sizeBytes: number
  readonly #inner: BlockDevice
  #writtenBytes = 0
  #intervalBytes = 0
  #pages: DirtyMap | null = null
  #latency = new LatencyHistogram()

  constructor(inner: BlockDevice) {
    this.#inner = inner
    this.sizeBytes = inner.sizeBytes
  }

  /** All bytes written since the agent's start. */
  get writtenBytes(): number {
    return this.#writtenBytes
  }

  countPages(wanted: boolean): void {
    if (wanted === (this.#pages !== null)) return
    this.#pages = wanted ? new DirtyMap(blockCount(this.sizeBytes)) : null
  }

  /** Counts since the last call, and starts anew. */
  takeInterval(): WriteInterval {
    const taken = {
      writtenBytes: this.#intervalBytes,
      uniqueBytes: (this.#pages?.count ?? 0) * BLOCK_BYTES,
      latency: this.#latency,
    }
    this.#intervalBytes = 0
    if (this.#pages !== null && this.#pages.count > 0) this.#pages.clearAll()
    this.#latency = new LatencyHistogram()
    return taken
  }

  read(offset: number, into: Buffer): Promise<void> {
    return this.#inner.read(offset, into)
  }

  write(offset: number, data: Buffer): Promise<void> {
    return this.#measure(offset, data.length, () => this.#inner.write(offset, data))
  }

  writeZeroes(offset: number, length: number): Promise<void> {
    return this.#measure(offset, length, () => this.#inner.writeZeroes(offset, length))
  }

  flush(): Promise<void> {
    return this.#inner.flush()
  }

  close(): Promise<void> {
    return this.#inner.close()
  }

  async #measure(offset: number, length: number, submit: () => Promise<void>): Promise<void> {
    const startMs = performance.now()
    await submit()
    this.#latency.record(performance.now() - startMs)
    this.#writtenBytes += length
    this.#intervalBytes += length
    if (this.#pages !== null) {
      const { first, end } = blocksOf(offset, length)
      this.#pages.mark(first, end)
    }
  }
}
