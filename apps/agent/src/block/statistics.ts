import { DirtyMap } from './dirty-map.ts'
import type { BlockRun } from './dirty-map.ts'
import { Filter } from './filter.ts'
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
export class Statistics extends Filter {
  #writtenBytes = 0
  #intervalBytes = 0
  #pages: DirtyMap | null = null
  #latency = new LatencyHistogram()

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

  /** Counts writes that passed elsewhere: their bytes, the blocks they fell in, and how long one took, where that is known. */
  note(writtenBytes: number, runs: readonly BlockRun[], latencyMs: number | null): void {
    if (latencyMs !== null) this.#latency.record(latencyMs)
    this.#writtenBytes += writtenBytes
    this.#intervalBytes += writtenBytes
    for (const { first, end } of runs) this.#pages?.mark(first, end)
  }

  async write(offset: number, data: Buffer): Promise<void> {
    const startMs = performance.now()
    const { length } = data
    await this.inner.write(offset, data)
    this.#count(offset, length, startMs)
  }

  async writeZeroes(offset: number, length: number): Promise<void> {
    const startMs = performance.now()
    await this.inner.writeZeroes(offset, length)
    this.#count(offset, length, startMs)
  }

  writeNow(offset: number, data: Buffer, alone?: boolean): boolean {
    const startMs = performance.now()
    if (this.inner.writeNow?.(offset, data, alone) !== true) return false
    this.#count(offset, data.length, startMs)
    return true
  }

  #count(offset: number, length: number, startMs: number): void {
    this.#latency.record(performance.now() - startMs)
    this.#writtenBytes += length
    this.#intervalBytes += length
    if (this.#pages === null) return
    const { first, end } = blocksOf(offset, length)
    this.#pages.mark(first, end)
  }
}
