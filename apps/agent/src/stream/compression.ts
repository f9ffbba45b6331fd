import { availableParallelism } from 'node:os'
import { promisify } from 'node:util'
import { constants, zstdCompress } from 'node:zlib'

const compress = promisify(zstdCompress)

/** Smaller pieces are sent as they are: the head would cost more than is saved. */
const MIN_COMPRESS_BYTES = 2048

/** A piece that did not shrink below this part of itself goes as it is: unpacking costs the target too. */
const WORTHWHILE_RATIO = 0.9

/** By this factor compressing must beat the bare link; less is not worth the processor's time. */
const WORTHWHILE_GAIN = 1.15

/** On a link this many times slower than compressing, every piece is tried: it costs next to nothing. */
const CHEAP_FACTOR = 16

/** Where it does not pay, each this-many-th piece is tried again. */
const TRY_EVERY = 16

/** Of such a try, this much decides; the whole of a large piece would cost a fast link more than it can gain. */
const TRIED_BYTES = 64 * 1024

/** Threads of libuv's pool that compression can keep busy; the pool has four. */
const MAX_PARALLEL = 4

/** Weight of the latest piece in what is remembered. */
const LATEST_WEIGHT = 0.2

/** What compressing costs is told by the quickest of the last one to two times this many pieces: others waited for a busy processor. */
const QUICKEST_OF_PIECES = 16

/** What one thread is taken to compress before it was measured: half of what was seen (data-plane probe, 0.57 GB/s). */
const FIRST_BYTES_PER_SECOND = 250_000_000

/** Smaller pieces tell how long the way to the pool and back takes, not how fast it compresses. */
const MIN_MEASURED_BYTES = 32 * 1024

/** A late piece behind a busy pool is no measure of compressing; and with no time passed there is none. */
const MIN_SECONDS = 1e-6

/**
 * Compresses pieces (zstd, level 1, on libuv's threads) when that gets more of the disk over the link: there is no
 * setting. `shrink` may be called for several pieces at once.
 */
export class Compression {
  readonly #parallel: number
  readonly #nowMs: () => number
  /** As it went, waits for a processor or a thread included; and at its quickest. */
  #bytesPerSecond = FIRST_BYTES_PER_SECOND
  #quickest = { now: FIRST_BYTES_PER_SECOND, before: FIRST_BYTES_PER_SECOND, pieces: 0 }
  #ratio = 0.5
  #untried = 0
  /** The next piece is only a try: its beginning decides whether the rest is worth it. */
  #trying = false

  constructor(parallel: number = Math.min(MAX_PARALLEL, availableParallelism()), nowMs: () => number = () => performance.now()) {
    this.#parallel = parallel
    this.#nowMs = nowMs
  }

  /** Whether a link that carries this much is better fed with compressed data; null: a link that holds nothing back. */
  pays(linkBytesPerSecond: number | null): boolean {
    this.#trying = false
    if (linkBytesPerSecond === null) return false
    const quickest = this.#parallel * Math.max(this.#quickest.now, this.#quickest.before)
    if (linkBytesPerSecond * CHEAP_FACTOR < quickest) return true
    const compressing = this.#parallel * this.#bytesPerSecond
    if (Math.min(compressing, linkBytesPerSecond / this.#ratio) > linkBytesPerSecond * WORTHWHILE_GAIN) return true
    // Tried again now and then, whatever was against it: data changes, and a processor is not busy for ever.
    this.#untried += 1
    this.#trying = this.#untried % TRY_EVERY === 0
    return this.#trying
  }

  /** The data compressed; null when it does not shrink enough. */
  async shrink(data: Buffer): Promise<Buffer | null> {
    if (data.length < MIN_COMPRESS_BYTES) return null
    if (this.#trying && data.length > TRIED_BYTES) {
      this.#trying = false
      const shrinks = (await this.#compress(data.subarray(0, TRIED_BYTES))).length < TRIED_BYTES * WORTHWHILE_RATIO
      if (!shrinks) return null
    }
    const small = await this.#compress(data)
    return small.length < data.length * WORTHWHILE_RATIO ? small : null
  }

  async #compress(data: Buffer): Promise<Buffer> {
    const startMs = this.#nowMs()
    const small = await compress(data, { params: { [constants.ZSTD_c_compressionLevel]: 1 } })
    const seconds = Math.max(MIN_SECONDS, (this.#nowMs() - startMs) / 1000)
    if (data.length >= MIN_MEASURED_BYTES) this.#learnSpeed(data.length / seconds)
    this.#ratio += LATEST_WEIGHT * (small.length / data.length - this.#ratio)
    return small
  }

  #learnSpeed(sample: number): void {
    this.#bytesPerSecond += LATEST_WEIGHT * (sample - this.#bytesPerSecond)
    const { now, before, pieces } = this.#quickest
    this.#quickest = pieces >= QUICKEST_OF_PIECES ? { now: sample, before: now, pieces: 1 } : { now: pieces === 0 ? sample : Math.max(now, sample), before, pieces: pieces + 1 }
  }
}
