/** A run of blocks: `first` inclusive, `end` exclusive. */
export interface BlockRun {
  first: number
  end: number
}

function bitsIn(word: number): number {
  let rest = word - ((word >>> 1) & 0x5555_5555)
  rest = (rest & 0x3333_3333) + ((rest >>> 2) & 0x3333_3333)
  return Math.imul((rest + (rest >>> 4)) & 0x0f0f_0f0f, 0x0101_0101) >>> 24
}

/** Mask of the bits `from` (inclusive) to `to` (exclusive, at most 32) of one word. */
function maskOf(from: number, to: number): number {
  const upper = to === 32 ? 0xffff_ffff : (1 << to) - 1
  return (upper & ~((1 << from) - 1)) >>> 0
}

/** A set of block numbers as a bitmap that always knows how many it holds. */
export class DirtyMap {
  readonly blockCount: number
  readonly #words: Uint32Array
  #count = 0

  constructor(blockCount: number) {
    this.blockCount = blockCount
    this.#words = new Uint32Array(Math.ceil(blockCount / 32))
  }

  /** How many blocks are marked. */
  get count(): number {
    return this.#count
  }

  has(block: number): boolean {
    return (((this.#words[block >>> 5] ?? 0) >>> (block & 31)) & 1) === 1
  }

  /** Marks blocks `first` to `end` (exclusive); what lies beyond the map is ignored. */
  mark(first: number, end: number): void {
    this.#change(first, end, true)
  }

  clear(first: number, end: number): void {
    this.#change(first, end, false)
  }

  clearAll(): void {
    this.#words.fill(0)
    this.#count = 0
  }

  /** Marks everything that `other`, of the same size, has marked. */
  addAll(other: DirtyMap): void {
    if (other.#count === 0) return
    for (let index = 0; index < this.#words.length; index += 1) {
      const before = this.#words[index] ?? 0
      const added = (other.#words[index] ?? 0) & ~before
      if (added === 0) continue
      this.#words[index] = before | added
      this.#count += bitsIn(added)
    }
  }

  /** First run of marked blocks at or after `from`, at most `maxBlocks` long; null when there is none. */
  nextRun(from: number, maxBlocks: number): BlockRun | null {
    if (this.#count === 0) return null
    const first = this.#seek(from, true)
    if (first >= this.blockCount) return null
    const limit = Math.min(first + maxBlocks, this.blockCount)
    let end = first + 1
    while (end < limit && this.has(end)) end += 1
    return { first, end }
  }

  /** First block at or after `from` whose mark equals `marked`; `blockCount` when there is none. */
  #seek(from: number, marked: boolean): number {
    const flip = marked ? 0 : 0xffff_ffff
    let index = from >>> 5
    if (index >= this.#words.length) return this.blockCount
    let word = (((this.#words[index] ?? 0) ^ flip) & ~((1 << (from & 31)) - 1)) >>> 0
    while (word === 0) {
      index += 1
      if (index >= this.#words.length) return this.blockCount
      word = ((this.#words[index] ?? 0) ^ flip) >>> 0
    }
    return Math.min(index * 32 + (31 - Math.clz32(word & -word)), this.blockCount)
  }

  #change(first: number, end: number, marked: boolean): void {
    const last = Math.min(end, this.blockCount)
    for (let block = Math.max(0, first); block < last; ) {
      const index = block >>> 5
      const wordEnd = Math.min((index + 1) * 32, last)
      const mask = maskOf(block & 31, wordEnd - index * 32)
      const before = this.#words[index] ?? 0
      const changed = (marked ? ~before & mask : before & mask) >>> 0
      if (changed !== 0) {
        this.#words[index] = before ^ changed
        this.#count += marked ? bitsIn(changed) : -bitsIn(changed)
      }
      block = wordEnd
    }
  }
}
