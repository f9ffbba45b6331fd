import { DirtyMap } from '../block/dirty-map.ts'
import { BLOCK_BYTES, blockCount, blocksOf, bytesOf } from '../block/map.ts'
import { MAX_MISSING_RANGES } from '../stream/protocol.ts'

/** Offset and length, in bytes. */
export type Range = [offset: number, length: number]

/** The same bytes, and more where there would be too many ranges: the nearest neighbours become one. In order. */
export function mergedRanges(ranges: readonly Range[], most = MAX_MISSING_RANGES): Range[] {
  let merged = joined(ranges, 0)
  for (let gapBytes = BLOCK_BYTES; merged.length > most; gapBytes *= 2) merged = joined(merged, gapBytes)
  return merged
}

function joined(ranges: readonly Range[], gapBytes: number): Range[] {
  const all: Range[] = []
  for (const [offset, length] of ranges.toSorted(([a], [b]) => a - b)) {
    const last = all.at(-1)
    if (last !== undefined && offset <= last[0] + last[1] + gapBytes) last[1] = Math.max(last[1], offset + length - last[0])
    else all.push([offset, length])
  }
  return all
}

/** What one stream fills of what a seed did not bring. Counts only what it knows to be durable: a stream that breaks has filled nothing more. */
export class Filling {
  readonly #sizeBytes: number
  readonly #missing: DirtyMap
  readonly #filled: DirtyMap

  constructor(missing: readonly Range[], sizeBytes: number) {
    const blocks = missing.length === 0 ? 0 : blockCount(sizeBytes)
    this.#sizeBytes = sizeBytes
    this.#missing = new DirtyMap(blocks)
    this.#filled = new DirtyMap(blocks)
    for (const [offset, length] of missing) {
      const { first, end } = blocksOf(offset, length)
      this.#missing.mark(first, end)
    }
  }

  /** These bytes are written: of blocks that are written in part the rest stays missing. */
  changes(offset: number, length: number): void {
    const end = offset + length
    const blocks = { first: Math.ceil(offset / BLOCK_BYTES), end: end === this.#sizeBytes ? blockCount(end) : Math.floor(end / BLOCK_BYTES) }
    if (blocks.end > blocks.first && this.#missing.any(blocks.first, blocks.end)) this.#filled.mark(blocks.first, blocks.end)
  }

  /** Everything written until now is durable. True: less is missing than before. */
  takeDurable(): boolean {
    if (this.#filled.count === 0) return false
    for (let run = this.#filled.nextRun(0, Number.POSITIVE_INFINITY); run !== null; run = this.#filled.nextRun(run.end, Number.POSITIVE_INFINITY)) this.#missing.clear(run.first, run.end)
    this.#filled.clearAll()
    return true
  }

  /** What is still missing. */
  get missing(): Range[] {
    const ranges: Range[] = []
    for (let run = this.#missing.nextRun(0, Number.POSITIVE_INFINITY); run !== null; run = this.#missing.nextRun(run.end, Number.POSITIVE_INFINITY)) {
      const { offset, length } = bytesOf(run.first, run.end, this.#sizeBytes)
      ranges.push([offset, length])
    }
    return mergedRanges(ranges)
  }
}
