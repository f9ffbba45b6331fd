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

/** Who watches a guest's writes beside the interval's counts; see `observer/disk-observer.ts`. */
export interface WriteWatcher {
  /** One write fell in these blocks. Its bytes stand in `Statistics.writtenBytes`. */
  wrote(first: number, end: number): void
  /** Writes that passed elsewhere, as `Statistics.note` has them. */
  told(runs: readonly BlockRun[] | null): void
  /** How long the writes took that it was not told that of yet: with each interval's end, and when it asks by `tellLatency`. */
  took(latency: LatencyHistogram): void
}

/** Counts a guest's writes: bytes, distinct pages (only while wanted: it costs a bitmap), latency as the guest sees it. */
export class Statistics extends Filter {
  #writtenBytes = 0
  #intervalBytes = 0
  #pages: DirtyMap | null = null
  /** Of the writes of this interval that no watcher was told of yet, and of those before. */
  #latency = new LatencyHistogram()
  #earlier: LatencyHistogram | null = null
  #watcher: WriteWatcher | null = null

  /** All bytes written since the agent's start. */
  get writtenBytes(): number {
    return this.#writtenBytes
  }

  countPages(wanted: boolean): void {
    if (wanted === (this.#pages !== null)) return
    this.#pages = wanted ? new DirtyMap(blockCount(this.sizeBytes)) : null
  }

  get watched(): boolean {
    return this.#watcher !== null
  }

  /** Who is told of every write from now on; null: nobody. */
  watch(watcher: WriteWatcher | null): void {
    this.tellLatency()
    this.#watcher = watcher
  }

  /** Tells whoever watches how long the latest writes took. Each write is recorded once, for the watcher and the interval both. */
  tellLatency(): void {
    const latency = this.#latency
    if (latency.count === 0) return
    this.#watcher?.took(latency)
    if (this.#earlier !== null) latency.addAll(this.#earlier)
    this.#earlier = latency
    this.#latency = new LatencyHistogram()
  }

  /** Counts since the last call, and starts anew. */
  takeInterval(): WriteInterval {
    this.tellLatency()
    const taken = {
      writtenBytes: this.#intervalBytes,
      uniqueBytes: (this.#pages?.count ?? 0) * BLOCK_BYTES,
      latency: this.#earlier ?? new LatencyHistogram(),
    }
    this.#intervalBytes = 0
    if (this.#pages !== null && this.#pages.count > 0) this.#pages.clearAll()
    this.#earlier = null
    return taken
  }

  /** Counts writes that passed elsewhere: their bytes, the blocks they fell in (null: only a counter was read), and how long one took, where that is known. */
  note(writtenBytes: number, runs: readonly BlockRun[] | null, latencyMs: number | null): void {
    if (latencyMs !== null) this.#latency.record(latencyMs)
    this.#writtenBytes += writtenBytes
    this.#intervalBytes += writtenBytes
    for (const { first, end } of runs ?? []) this.#pages?.mark(first, end)
    this.#watcher?.told(runs)
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
    if (this.#pages === null && this.#watcher === null) return
    const { first, end } = blocksOf(offset, length)
    this.#pages?.mark(first, end)
    this.#watcher?.wrote(first, end)
  }
}
