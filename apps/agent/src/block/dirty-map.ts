/** A run of blocks: `first` inclusive, `end` exclusive. */
export interface BlockRun {
  first: number
  end: number
}

/** Blocks kept together: 128 bytes of bits. Few blocks scattered over a large disk then cost little (4,096 of them 0.5 MiB). */
const CHUNK_BLOCKS = 1024
const CHUNK_WORDS = CHUNK_BLOCKS / 32

/** Chunks counted together (4 GiB of disk): what scans pass over at a time. */
const GROUP_CHUNKS = 1024
const GROUP_BLOCKS = GROUP_CHUNKS * CHUNK_BLOCKS

/** Chunks whose bits are allocated together: 256 KiB, so that growth copies nothing and small maps stay small. */
const MOST_SLAB_CHUNKS = 2048

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

/**
 * A set of block numbers that always knows how many it holds. Two levels: every chunk has a count, and only a chunk
 * that is neither empty nor full has bits; a count for each group of chunks lets scans pass over what is empty or full.
 * A 4 TiB disk costs 6 MiB (of address space; memory once touched) and at worst 128 MiB more, with every chunk in part marked.
 */
export class DirtyMap {
  readonly blockCount: number
  readonly #counts: Uint16Array
  /** Where the bits of a chunk are that is in part marked; of the others, nothing. */
  readonly #slots: Uint32Array
  readonly #groups: Uint32Array
  readonly #slabChunks: number
  readonly #slabs: Uint32Array[] = []
  #slotsUsed = 0
  /** Slots to use again, as a list: the first word of each names the next, plus one; 0 ends it. */
  #free = 0
  #count = 0

  constructor(blockCount: number) {
    const chunks = Math.ceil(blockCount / CHUNK_BLOCKS)
    this.blockCount = blockCount
    this.#counts = new Uint16Array(chunks)
    this.#slots = new Uint32Array(chunks)
    this.#groups = new Uint32Array(Math.ceil(chunks / GROUP_CHUNKS))
    this.#slabChunks = Math.max(1, Math.min(MOST_SLAB_CHUNKS, chunks))
  }

  /** How many blocks are marked. */
  get count(): number {
    return this.#count
  }

  has(block: number): boolean {
    return this.any(block, block + 1)
  }

  /** Whether any of the blocks `first` to `end` (exclusive) is marked. */
  any(first: number, end: number): boolean {
    const limit = Math.min(end, this.blockCount)
    return this.#count > 0 && this.#seek(first, true, limit) < limit
  }

  /** Marks blocks `first` to `end` (exclusive); what lies beyond the map is ignored. */
  mark(first: number, end: number): void {
    this.#change(first, end, true)
  }

  clear(first: number, end: number): void {
    if (this.#count > 0) this.#change(first, end, false)
  }

  clearAll(): void {
    if (this.#count === 0) return
    this.#counts.fill(0)
    this.#groups.fill(0)
    // As many as were of use now will be again: a map that is cleared every second leaves no garbage.
    this.#slabs.length = Math.ceil(this.#slotsUsed / this.#slabChunks)
    this.#slotsUsed = this.#free = this.#count = 0
  }

  /** Marks everything that `other`, of the same size, has marked. */
  addAll(other: DirtyMap): void {
    for (let run = other.nextRun(0, Number.POSITIVE_INFINITY); run !== null; run = other.nextRun(run.end, Number.POSITIVE_INFINITY)) this.mark(run.first, run.end)
  }

  /** First run of marked blocks at or after `from`, at most `maxBlocks` long; null when there is none. */
  nextRun(from: number, maxBlocks: number): BlockRun | null {
    if (this.#count === 0) return null
    const first = this.#seek(from, true, this.blockCount)
    if (first >= this.blockCount) return null
    return { first, end: this.#seek(first, false, Math.min(first + maxBlocks, this.blockCount)) }
  }

  /** First block from `from` on, before `limit`, whose mark equals `marked`; `limit` when there is none. */
  #seek(from: number, marked: boolean, limit: number): number {
    let block = from
    while (block < limit) {
      const chunk = Math.floor(block / CHUNK_BLOCKS)
      const group = Math.floor(chunk / GROUP_CHUNKS)
      const inGroup = this.#groups[group] ?? 0
      const count = this.#counts[chunk] ?? 0
      if (inGroup === (marked ? 0 : GROUP_BLOCKS)) block = (group + 1) * GROUP_BLOCKS
      else if (count === (marked ? 0 : this.#roomOf(chunk))) block = (chunk + 1) * CHUNK_BLOCKS
      else if (count === (marked ? this.#roomOf(chunk) : 0)) return block
      else {
        block = chunk * CHUNK_BLOCKS + this.#seekIn(chunk, block - chunk * CHUNK_BLOCKS, marked)
        if (block < (chunk + 1) * CHUNK_BLOCKS) return Math.min(block, limit)
      }
    }
    return limit
  }

  /** The same within one chunk that has bits; `CHUNK_BLOCKS` when there is none. */
  #seekIn(chunk: number, from: number, marked: boolean): number {
    const flip = marked ? 0 : 0xffff_ffff
    const { slab, at } = this.#bitsOf(chunk)
    let index = from >>> 5
    let word = (((slab[at + index] ?? 0) ^ flip) & ~((1 << (from & 31)) - 1)) >>> 0
    while (word === 0) {
      index += 1
      if (index >= CHUNK_WORDS) return CHUNK_BLOCKS
      word = ((slab[at + index] ?? 0) ^ flip) >>> 0
    }
    return index * 32 + (31 - Math.clz32(word & -word))
  }

  /** Blocks in this chunk: the last may have fewer. */
  #roomOf(chunk: number): number {
    return Math.min(CHUNK_BLOCKS, this.blockCount - chunk * CHUNK_BLOCKS)
  }

  #bitsOf(chunk: number): { slab: Uint32Array; at: number } {
    const slot = this.#slots[chunk] ?? 0
    const slab = this.#slabs[Math.floor(slot / this.#slabChunks)]
    if (slab === undefined) throw new Error('A chunk of the dirty map has no bits.')
    return { slab, at: (slot % this.#slabChunks) * CHUNK_WORDS }
  }

  #change(first: number, end: number, marked: boolean): void {
    const last = Math.min(end, this.blockCount)
    for (let block = Math.max(0, first); block < last; ) {
      const chunk = Math.floor(block / CHUNK_BLOCKS)
      const start = chunk * CHUNK_BLOCKS
      const chunkEnd = Math.min(start + CHUNK_BLOCKS, last)
      this.#changeIn(chunk, block - start, chunkEnd - start, marked)
      block = chunkEnd
    }
  }

  #changeIn(chunk: number, from: number, to: number, marked: boolean): void {
    const room = this.#roomOf(chunk)
    const before = this.#counts[chunk] ?? 0
    if (before === (marked ? room : 0)) return
    const partial = before > 0 && before < room
    let count = marked ? room : 0
    if (to - from < room) {
      if (!partial) this.#giveBits(chunk, before > 0)
      count = before + this.#changeBits(chunk, from, to, marked)
      if (count === 0 || count === room) this.#takeBits(chunk)
    } else if (partial) this.#takeBits(chunk)
    const group = Math.floor(chunk / GROUP_CHUNKS)
    this.#counts[chunk] = count
    this.#groups[group] = (this.#groups[group] ?? 0) + count - before
    this.#count += count - before
  }

  /** Returns by how much the number of marked blocks changed. */
  #changeBits(chunk: number, from: number, to: number, marked: boolean): number {
    const { slab, at } = this.#bitsOf(chunk)
    let change = 0
    for (let block = from; block < to; ) {
      const index = at + (block >>> 5)
      const wordStart = block & ~31
      const mask = maskOf(block & 31, Math.min(32, to - wordStart))
      const before = slab[index] ?? 0
      const changed = (marked ? ~before & mask : before & mask) >>> 0
      slab[index] = before ^ changed
      change += bitsIn(changed)
      block = wordStart + 32
    }
    return marked ? change : -change
  }

  #giveBits(chunk: number, filled: boolean): void {
    if (this.#free === 0) {
      this.#slots[chunk] = this.#slotsUsed
      if (this.#slotsUsed >= this.#slabs.length * this.#slabChunks) this.#slabs.push(new Uint32Array(this.#slabChunks * CHUNK_WORDS))
      this.#slotsUsed += 1
    } else this.#slots[chunk] = this.#free - 1
    const { slab, at } = this.#bitsOf(chunk)
    if (this.#free !== 0) this.#free = slab[at] ?? 0
    slab.fill(filled ? 0xffff_ffff : 0, at, at + CHUNK_WORDS)
  }

  #takeBits(chunk: number): void {
    const { slab, at } = this.#bitsOf(chunk)
    slab[at] = this.#free
    this.#free = (this.#slots[chunk] ?? 0) + 1
  }
}
