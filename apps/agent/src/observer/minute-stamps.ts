/** The longest span that is asked for, in minutes: 24 hours. */
export const LONGEST_SPAN = 1440

/** Minutes are numbered around: a whole number of longest spans, and one below what 16 bits hold, for 0 means never. */
const AROUND = 45 * LONGEST_SPAN

/** Changed stamps are saved by parts of so many: 4 KiB of the file. */
export const SAVED_STAMPS = 2048

/**
 * The minute in which each block of a disk was last written, and so how many different blocks were written in the latest span of any
 * length: a block that is written leaves the count of the minute that it had before and enters that of now. No scan is
 * needed: a minute's turn adds up 1,440 counts.
 *
 * Of a disk with more blocks than stamps one block in every `blocksPerStamp` neighbouring ones is watched, chosen by a hash of its place,
 * and counts for all of them: unbiased, with an error of about √(blocksPerStamp ÷ blocks written), as of SHARDS (Waldspurger
 * et al., FAST '15). Coarser blocks would need no less memory and overrate small random writes many times over.
 */
export class MinuteStamps {
  readonly blockCount: number
  readonly blocksPerStamp: number
  /** 1 + the minute's number, around; 0: never, or longer ago than the longest span. */
  readonly stamps: Uint16Array<ArrayBuffer>
  /** How many stamps there are of each of the latest minutes. */
  readonly #counts = new Uint32Array(LONGEST_SPAN)
  /** Parts of `SAVED_STAMPS` that changed since they were saved. */
  readonly #changed: Uint8Array
  #minute: number
  #stamp: number
  /** From here on stamps that are too old are removed next. */
  #cleaned = 0

  /** `blocksPerStamp`: a power of two. `minute`: the number of the present one. */
  constructor(blockCount: number, blocksPerStamp: number, minute: number) {
    this.blockCount = blockCount
    this.blocksPerStamp = blocksPerStamp
    this.stamps = new Uint16Array(Math.ceil(blockCount / blocksPerStamp))
    this.#changed = new Uint8Array(Math.ceil(this.stamps.length / SAVED_STAMPS))
    this.#minute = minute
    this.#stamp = stampOf(minute)
  }

  /** Takes over stamps as they were saved, up to the present minute, and counts them. */
  load(saved: Uint16Array): void {
    this.stamps.set(saved.subarray(0, this.stamps.length))
    this.#counts.fill(0)
    for (let index = 0; index < this.stamps.length; index += 1) {
      const stamp = this.stamps[index] ?? 0
      if (stamp !== 0 && this.#isRecent(stamp)) this.#counts[slotOf(stamp)] = (this.#counts[slotOf(stamp)] ?? 0) + 1
    }
  }

  /** Blocks `first` to `end` (exclusive) are written in the present minute. */
  mark(first: number, end: number): void {
    const last = Math.min(end, this.blockCount)
    if (this.blocksPerStamp === 1) {
      for (let block = first; block < last; block += 1) this.#write(block)
      return
    }
    const lastStamp = Math.floor((last - 1) / this.blocksPerStamp)
    for (let index = Math.floor(first / this.blocksPerStamp); index <= lastStamp; index += 1) {
      const watched = index * this.blocksPerStamp + (scattered(index) & (this.blocksPerStamp - 1))
      if (watched >= first && watched < last) this.#write(index)
    }
  }

  /** Different blocks written in the latest `minutes`, the present one included. */
  blocksIn(minutes: number): number {
    let stamps = 0
    for (let back = 0; back < Math.min(minutes, LONGEST_SPAN); back += 1) stamps += this.#counts[(this.#minute - back + LONGEST_SPAN) % LONGEST_SPAN] ?? 0
    return Math.min(this.blockCount, stamps * this.blocksPerStamp)
  }

  /** Goes on to a later minute. */
  turn(minute: number): void {
    const steps = minute - this.#minute
    if (steps <= 0) return
    this.#minute = minute
    this.#stamp = stampOf(minute)
    if (steps >= LONGEST_SPAN) {
      this.#counts.fill(0)
      this.stamps.fill(0)
      this.#changed.fill(1)
      return
    }
    for (let back = 0; back < steps; back += 1) this.#counts[(minute - back) % LONGEST_SPAN] = 0
    this.#clean(Math.ceil((this.stamps.length * steps) / LONGEST_SPAN))
  }

  /** First part that changed since it was taken, at or after `from`; it counts as saved from now on. Null: none. */
  takeChanged(from: number): number | null {
    const part = this.#changed.indexOf(1, from)
    if (part < 0) return null
    this.#changed[part] = 0
    return part
  }

  #write(index: number): void {
    const before = this.stamps[index] ?? 0
    if (before === this.#stamp) return
    if (before !== 0 && this.#isRecent(before)) this.#counts[slotOf(before)] = (this.#counts[slotOf(before)] ?? 0) - 1
    this.stamps[index] = this.#stamp
    this.#changed[Math.floor(index / SAVED_STAMPS)] = 1
    const slot = slotOf(this.#stamp)
    this.#counts[slot] = (this.#counts[slot] ?? 0) + 1
  }

  #isRecent(stamp: number): boolean {
    return (this.#stamp - stamp + AROUND) % AROUND < LONGEST_SPAN
  }

  /** All stamps are passed once in a longest span: none gets so old that its number comes round again. */
  #clean(stamps: number): void {
    for (let left = Math.min(stamps, this.stamps.length); left > 0; left -= 1) {
      const stamp = this.stamps[this.#cleaned] ?? 0
      if (stamp !== 0 && !this.#isRecent(stamp)) {
        this.stamps[this.#cleaned] = 0
        this.#changed[Math.floor(this.#cleaned / SAVED_STAMPS)] = 1
      }
      this.#cleaned = this.#cleaned + 1 >= this.stamps.length ? 0 : this.#cleaned + 1
    }
  }
}

const stampOf = (minute: number): number => 1 + (minute % AROUND)
const slotOf = (stamp: number): number => (stamp - 1) % LONGEST_SPAN

/** A hash of 32 bits (the end of MurmurHash3): which of neighbouring blocks is watched follows no pattern that writes could follow too. */
function scattered(index: number): number {
  let hash = Math.imul(index ^ (index >>> 16), 0x85eb_ca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2_ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}
