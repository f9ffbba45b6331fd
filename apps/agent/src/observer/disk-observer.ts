import type { ObservationSource } from '@driftless/domain'
import type { BlockRun } from '../block/dirty-map.ts'
import { LatencyHistogram } from '../block/latency-histogram.ts'
import type { WriteWatcher } from '../block/statistics.ts'
import type { DiskTap, TapKind } from '../tap/disk-tap.ts'
import type { SightWatcher } from '../tap/sight.ts'
import type { MinuteStamps } from './minute-stamps.ts'

/** A tap that asks for blocks was asked within this time, or it only counts. Rounds of a replicating vSphere VM are a minute apart and more. */
const ASKED_WITHIN_MS = 180_000

const SEES: Readonly<Record<TapKind, ObservationSource>> = { SERVED: 'FILTER', MIRROR: 'FILTER', BITMAPS: 'CHANGED_BLOCKS', CHANGED_BLOCKS: 'CHANGED_BLOCKS' }

/**
 * A tap that asks has told something within this time, be it that nothing was written, or it hears nothing any more. QEMU is asked each second; vCenter's
 * counters come every 20 s, in one piece some minutes late when it is slow.
 */
const TOLD_WITHIN_MS: Readonly<Record<TapKind, number>> = { SERVED: Infinity, MIRROR: Infinity, BITMAPS: 10_000, CHANGED_BLOCKS: 180_000 }

/** Told of every write to one disk: what a minute of it comes to. */
export class DiskObserver implements WriteWatcher {
  readonly tap: DiskTap
  readonly stamps: MinuteStamps
  readonly #now: () => number
  #writtenBytes = 0
  #latency = new LatencyHistogram()
  /** When blocks were told, and when anything was. */
  #blocksToldAtMs = Number.NEGATIVE_INFINITY
  #toldAtMs: number
  #sightWatcher: SightWatcher | null = null

  constructor(tap: DiskTap, stamps: MinuteStamps, now: () => number) {
    this.tap = tap
    this.stamps = stamps
    this.#now = now
    this.#toldAtMs = now()
    tap.statistics.watch(this)
  }

  /** How its writes are seen at this time. */
  get source(): ObservationSource {
    const source = SEES[this.tap.kind]
    return source === 'FILTER' || this.#now() - this.#blocksToldAtMs <= ASKED_WITHIN_MS ? source : 'COUNTERS'
  }

  /** Whether its writes are seen, or told of, as they come. */
  get seen(): boolean {
    return this.tap.sight?.seeing ?? true
  }

  /** Until when at most its writes are known: where its tap has not told anything for too long, only until it did. */
  get knownUntilMs(): number {
    return this.#overdue ? this.#toldAtMs : Number.POSITIVE_INFINITY
  }

  /** Who is told when its writes are seen no more, or again. */
  watchSight(watcher: SightWatcher): void {
    this.#sightWatcher = watcher
    this.tap.sight?.watch(watcher)
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
    // What it tells now was written since it fell silent, in minutes that are over too.
    if (this.#overdue) this.#sightWatcher?.missed()
    this.#toldAtMs = this.#now()
    this.#writtenBytes += writtenBytes
    if (latencyMs !== null) this.#latency.record(latencyMs)
    if (runs === null) return
    this.#blocksToldAtMs = this.#toldAtMs
    for (const { first, end } of runs) this.stamps.mark(first, end)
  }

  close(): void {
    this.tap.statistics.watch(null)
    this.tap.sight?.watch(null)
  }

  get #overdue(): boolean {
    return this.#now() - this.#toldAtMs > TOLD_WITHIN_MS[this.tap.kind]
  }
}
