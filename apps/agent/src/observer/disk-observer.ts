import type { ObservationSource } from '@driftless/domain'
import type { BlockRun } from '../block/dirty-map.ts'
import { LatencyHistogram } from '../block/latency-histogram.ts'
import type { WriteWatcher } from '../block/statistics.ts'
import type { DiskTap, TapKind } from '../tap/disk-tap.ts'
import type { MinuteStamps } from './minute-stamps.ts'

/** A tap that asks for blocks was asked within this time, or it only counts. Rounds of a replicating vSphere VM are a minute apart and more. */
const ASKED_WITHIN_MS = 180_000

const SEES: Readonly<Record<TapKind, ObservationSource>> = { SERVED: 'FILTER', MIRROR: 'FILTER', BITMAPS: 'CHANGED_BLOCKS', CHANGED_BLOCKS: 'CHANGED_BLOCKS' }

/** Told of every write to one disk: what a minute of it comes to. */
export class DiskObserver implements WriteWatcher {
  readonly tap: DiskTap
  readonly stamps: MinuteStamps
  readonly #now: () => number
  #writtenBytes = 0
  #latency = new LatencyHistogram()
  #toldAtMs = Number.NEGATIVE_INFINITY

  constructor(tap: DiskTap, stamps: MinuteStamps, now: () => number) {
    this.tap = tap
    this.stamps = stamps
    this.#now = now
    tap.statistics.watch(this)
  }

  /** How its writes are seen at this time. */
  get source(): ObservationSource {
    const source = SEES[this.tap.kind]
    return source === 'FILTER' || this.#now() - this.#toldAtMs <= ASKED_WITHIN_MS ? source : 'COUNTERS'
  }

  get writtenBytes(): number {
    return this.#writtenBytes
  }

  /** What was counted since the last call. */
  take(): { writtenBytes: number; latency: LatencyHistogram } {
    const taken = { writtenBytes: this.#writtenBytes, latency: this.#latency }
    this.#writtenBytes = 0
    this.#latency = new LatencyHistogram()
    return taken
  }

  wrote(writtenBytes: number, first: number, end: number, latencyMs: number): void {
    this.#writtenBytes += writtenBytes
    this.#latency.record(latencyMs)
    this.stamps.mark(first, end)
  }

  told(writtenBytes: number, runs: readonly BlockRun[] | null, latencyMs: number | null): void {
    this.#writtenBytes += writtenBytes
    if (latencyMs !== null) this.#latency.record(latencyMs)
    if (runs === null) return
    this.#toldAtMs = this.#now()
    for (const { first, end } of runs) this.stamps.mark(first, end)
  }

  close(): void {
    this.tap.statistics.watch(null)
  }
}
