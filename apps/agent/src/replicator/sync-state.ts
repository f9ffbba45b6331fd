import type { DirtyListener } from '../block/dirty-tracking.ts'
import { DirtyMap } from '../block/dirty-map.ts'
import type { BlockRun } from '../block/dirty-map.ts'
import { BLOCK_BYTES, blockCount } from '../block/map.ts'

/** FRESH: the replica was all zero, zero blocks need not be sent. COMPARE: it holds something, hashes decide. */
export type SweepMode = 'FRESH' | 'COMPARE'

/** What one flush marker covers, beyond what those before it do. */
interface Marker {
  readonly blocks: DirtyMap
  /** As far as the sweep had been handed out, and how many bytes of that held data. */
  readonly sweptBytes: number
  readonly dataBytes: number
  readonly foregroundBytes: number
  /** Every write acknowledged before this moment; null: no pass was done meanwhile. */
  readonly coversMs: number | null
}

/**
 * What the target still lacks of one disk. Pure bookkeeping, no input or output.
 *
 * A block's way: `dirty` → taken, copied, `sent` (since the last flush marker) → in a marker that is
 * under way → forgotten when the target has flushed. When the connection is lost, what was sent and
 * what markers cover is dirty again and the sweep goes back to where it was flushed; so a
 * block is forgotten only when the target durably holds it. Markers are answered in their order.
 *
 * What is written beyond the furthest point the sweep ever came to needs no mark: the sweep reads it later, and when a
 * write overtakes that reading, its second mark (after completion, see `block/map.ts`) finds the sweep beyond it.
 */
export class SyncState implements DirtyListener {
  readonly sizeBytes: number
  readonly #now: () => number
  readonly #dirty: DirtyMap
  #sent: DirtyMap
  readonly #markers: Marker[] = []
  /** Empty maps of markers that were answered. */
  readonly #spare: DirtyMap[] = []
  #mode: SweepMode = 'COMPARE'
  /** Byte positions of the sweep: handed out, durable. */
  #sweepSentTo = 0
  #sweepFlushedTo = 0
  /** The furthest it has come, in blocks: behind it writes are marked. All blocks while it is not known where to begin. */
  #sweptBlocks: number
  /** Of these, the bytes that held anything: holes and zeroes are passed over. */
  #dataSent = 0
  #dataFlushed = 0
  #cursor = 0
  /** Every write acknowledged before this moment is durable at the target (once the sweep is done). */
  #coveredAtMs: number
  #passStartMs: number | null = null
  #passDoneMs: number | null = null
  #sentForegroundBytes = 0
  #foregroundDoneBytes = 0
  #onFirstDirty: () => void = () => {}
  #onLost: () => void = () => {}

  constructor(sizeBytes: number, now: () => number) {
    const blocks = blockCount(sizeBytes)
    this.sizeBytes = sizeBytes
    this.#now = now
    this.#sweptBlocks = blocks
    this.#dirty = new DirtyMap(blocks)
    this.#sent = new DirtyMap(blocks)
    this.#coveredAtMs = now()
  }

  /** Called when the first block becomes dirty after there was none. */
  onFirstDirty(callback: () => void): void {
    this.#onFirstDirty = callback
  }

  /** Called when writes went unseen: everything starts over. */
  onLost(callback: () => void): void {
    this.#onLost = callback
  }

  mark(first: number, end: number): void {
    const marked = Math.min(end, this.#sweptBlocks)
    if (first >= marked) return
    const wasEmpty = this.#dirty.count === 0
    if (wasEmpty && this.isClean) this.#coveredAtMs = this.#now()
    this.#dirty.mark(first, marked)
    if (wasEmpty) this.#onFirstDirty()
  }

  /** The map is incomplete: hashes must decide. */
  lost(): void {
    this.restart('COMPARE')
    this.#onLost()
  }

  /** Forgets everything and starts the sweep from the beginning. */
  restart(mode: SweepMode): void {
    this.#dirty.clearAll()
    this.#beginAt(0, mode)
  }

  /**
   * Goes on where another life of this agent left off: the target durably has what the sweep of its epoch covered up to
   * `sweptBytes`, except for `runs`, and for what was marked here since. `dataBytes`: how much of it held data, as far as known.
   */
  resume(sweptBytes: number, dataBytes: number, runs: readonly BlockRun[]): void {
    for (const { first, end } of runs) this.#dirty.mark(first, end)
    this.#dirty.clear(Math.ceil(sweptBytes / BLOCK_BYTES), this.#dirty.blockCount)
    this.#beginAt(sweptBytes, 'COMPARE')
    this.#dataSent = this.#dataFlushed = dataBytes
  }

  #beginAt(sweptBytes: number, mode: SweepMode): void {
    this.#mode = mode
    this.#sent.clearAll()
    for (const marker of this.#markers.splice(0)) this.#reuse(marker.blocks)
    this.#sweepSentTo = this.#sweepFlushedTo = sweptBytes
    this.#sweptBlocks = Math.ceil(sweptBytes / BLOCK_BYTES)
    this.#dataSent = this.#dataFlushed = 0
    this.#sentForegroundBytes = 0
    this.#passStartMs = this.#passDoneMs = null
    this.#coveredAtMs = this.#now()
  }

  get sweepMode(): SweepMode {
    return this.#mode
  }

  /** Bytes holding data among those that the sweep has handed out. */
  get sweptDataBytes(): number {
    return this.#dataSent
  }

  /** Notes how much of the range just taken from the sweep holds data. */
  noteData(bytes: number): void {
    this.#dataSent += bytes
  }

  /** Where the sweep takes next; the disk's size when it has handed out everything. */
  get sweepPosition(): number {
    return this.#sweepSentTo
  }

  get sweepComplete(): boolean {
    return this.#sweepFlushedTo >= this.sizeBytes
  }

  get blockCount(): number {
    return this.#dirty.blockCount
  }

  /** Up to here the target durably has what the sweep covered. */
  get durableSweptBytes(): number {
    return this.#sweepFlushedTo
  }

  /** Up to here the sweep is covered by the marker that was sent last. */
  get markedSweptBytes(): number {
    return this.#markers.at(-1)?.sweptBytes ?? this.#sweepFlushedTo
  }

  /** The target durably has these blocks as they are, and nothing of them is under way. */
  isSettled(first: number, end: number): boolean {
    const within = Math.min(end * BLOCK_BYTES, this.sizeBytes) <= this.#sweepFlushedTo
    return within && !this.#dirty.any(first, end) && !this.#sent.any(first, end) && !this.#markers.some(({ blocks }) => blocks.any(first, end))
  }

  /** Nothing of these blocks is left to be taken: the target has them, or will before whatever is put into the stream now. */
  isTaken(first: number, end: number): boolean {
    return Math.min(end * BLOCK_BYTES, this.sizeBytes) <= this.#sweepSentTo && !this.#dirty.any(first, end)
  }

  /** Nothing dirty, nothing under way, sweep durable: the target's content is this disk's. */
  get isClean(): boolean {
    return this.foregroundLeftBytes === 0 && this.sweepComplete
  }

  /** Something was sent that no marker covers yet. */
  get needsFlush(): boolean {
    return this.#sent.count > 0 || this.#sweepSentTo > this.markedSweptBytes
  }

  get dirtyBytes(): number {
    return this.#dirty.count * BLOCK_BYTES
  }

  get foregroundDoneBytes(): number {
    return this.#foregroundDoneBytes
  }

  /** Guest-written bytes not yet durable at the target; a block sent twice since the last flush counts twice. */
  get foregroundLeftBytes(): number {
    return (this.#dirty.count + this.#sent.count + this.#markers.reduce((sum, { blocks }) => sum + blocks.count, 0)) * BLOCK_BYTES
  }

  /** Runs within blocks `first` to `end` (exclusive) that the target may lack: dirty, or under way. In order, none touching another. */
  leftWithin(first: number, end: number): BlockRun[] {
    const runs: BlockRun[] = []
    for (const blocks of [this.#dirty, this.#sent, ...this.#markers.map((marker) => marker.blocks)]) {
      for (let run = blocks.nextRun(first, end - first); run !== null && run.first < end; run = blocks.nextRun(run.end, end - run.end)) runs.push({ first: run.first, end: Math.min(run.end, end) })
    }
    return joined(runs)
  }

  /** Every write acknowledged before this moment is durable at the target. */
  get coveredAtMs(): number {
    return this.#coveredAtMs
  }

  get behindSinceMs(): number | null {
    return this.isClean ? null : this.#coveredAtMs
  }

  /** Starts a pass over the dirty blocks, unless one is under way. */
  beginPass(): void {
    if (this.#passStartMs !== null) return
    this.#passStartMs = this.#now()
    this.#cursor = 0
  }

  /** Next run of dirty blocks of the pass, now counted as sent: read them after this call, not before. Null: pass done. */
  takeForeground(maxBlocks: number): BlockRun | null {
    if (this.#passStartMs === null) return null
    const run = this.#dirty.nextRun(this.#cursor, maxBlocks)
    if (run === null) {
      this.#passDoneMs = this.#passStartMs
      this.#passStartMs = null
      return null
    }
    this.#dirty.clear(run.first, run.end)
    this.#sent.mark(run.first, run.end)
    this.#sentForegroundBytes += (run.end - run.first) * BLOCK_BYTES
    this.#cursor = run.end
    return run
  }

  /** Next bytes of the sweep, now counted as sent; null when it has handed out everything. */
  takeBackground(maxBytes: number): { offset: number; length: number } | null {
    const offset = this.#sweepSentTo
    if (offset >= this.sizeBytes) return null
    const length = Math.min(maxBytes, this.sizeBytes - offset)
    this.#sweepSentTo += length
    this.#sweptBlocks = Math.max(this.#sweptBlocks, Math.ceil(this.#sweepSentTo / BLOCK_BYTES))
    return { offset, length }
  }

  /** A marker is sent now: it covers everything taken so far. */
  beginFlush(): void {
    this.#markers.push({ blocks: this.#sent, sweptBytes: this.#sweepSentTo, dataBytes: this.#dataSent, foregroundBytes: this.#sentForegroundBytes, coversMs: this.#passDoneMs })
    this.#sent = this.#spare.pop() ?? new DirtyMap(this.blockCount)
    this.#sentForegroundBytes = 0
    this.#passDoneMs = null
  }

  /** The target has flushed what the oldest marker under way covers. */
  flushed(): void {
    const marker = this.#markers.shift()
    if (marker === undefined) return
    this.#reuse(marker.blocks)
    this.#sweepFlushedTo = marker.sweptBytes
    this.#dataFlushed = marker.dataBytes
    this.#foregroundDoneBytes += marker.foregroundBytes
    if (marker.coversMs !== null) this.#coveredAtMs = Math.max(this.#coveredAtMs, marker.coversMs)
  }

  /** The connection broke, or a copy failed: whatever was not flushed is still to send. */
  connectionLost(): void {
    for (const { blocks } of this.#markers.splice(0)) {
      this.#dirty.addAll(blocks)
      this.#reuse(blocks)
    }
    this.#dirty.addAll(this.#sent)
    this.#sent.clearAll()
    this.#sweepSentTo = this.#sweepFlushedTo
    this.#dataSent = this.#dataFlushed
    this.#sentForegroundBytes = 0
    this.#passStartMs = this.#passDoneMs = null
  }

  #reuse(blocks: DirtyMap): void {
    blocks.clearAll()
    this.#spare.push(blocks)
  }
}

/** The same blocks in as few runs as can be. */
function joined(runs: BlockRun[]): BlockRun[] {
  const all: BlockRun[] = []
  for (const run of runs.toSorted((a, b) => a.first - b.first)) {
    const last = all.at(-1)
    if (last !== undefined && run.first <= last.end) last.end = Math.max(last.end, run.end)
    else all.push({ ...run })
  }
  return all
}
