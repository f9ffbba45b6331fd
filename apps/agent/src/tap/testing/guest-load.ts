/** For the taps' tests: a load like a guest's that knows what was acknowledged, and a listener that remembers what it was told. */
import { setTimeout as wait } from 'node:timers/promises'
import type { BlockDevice } from '@driftless/nbd'
import { DirtyMap } from '../../block/dirty-map.ts'
import type { BlockRun } from '../../block/dirty-map.ts'
import type { DirtyListener } from '../../block/dirty-tracking.ts'
import { BLOCK_BYTES, blockCount, blocksOf } from '../../block/map.ts'

/** Small, so that whole disks are compared; large enough that random writes rarely meet. */
export const SIZE_BYTES = 32 * 1024 * 1024

/** Remembers what it was told. */
export class Told implements DirtyListener {
  readonly blocks = new DirtyMap(blockCount(SIZE_BYTES))
  lostTimes = 0

  mark(first: number, end: number): void {
    this.blocks.mark(first, end)
  }

  lost(): void {
    this.lostTimes += 1
  }
}

export const mapOf = (runs: readonly BlockRun[]): DirtyMap => {
  const map = new DirtyMap(blockCount(SIZE_BYTES))
  for (const { first, end } of runs) map.mark(first, end)
  return map
}

/** Blocks that `wanted` has and `present` lacks. */
export function missing(wanted: DirtyMap, present: DirtyMap): number[] {
  const found: number[] = []
  for (let run = wanted.nextRun(0, 1); run !== null; run = wanted.nextRun(run.end, 1)) if (!present.has(run.first)) found.push(run.first)
  return found
}

/** As many as a busy guest keeps under way. */
const WRITERS = 8
const STRIPE_BYTES = SIZE_BYTES / WRITERS

/** Writes at random, aligned and not, zeroes too, each writer in a stripe of its own, and knows what the disk must hold. */
export class Load {
  readonly content = Buffer.alloc(SIZE_BYTES)
  #acknowledged = new DirtyMap(blockCount(SIZE_BYTES))
  acknowledgements = 0
  readonly errors: unknown[] = []
  readonly #write: Pick<BlockDevice, 'write' | 'writeZeroes'>
  readonly #random: () => number
  readonly #onAcknowledged: (first: number, end: number) => void
  readonly #turns = Array.from({ length: WRITERS }, () => 0)
  #stopped = false
  #writers: Promise<unknown> = Promise.resolve()

  constructor(write: Pick<BlockDevice, 'write' | 'writeZeroes'>, seed: number, onAcknowledged: (first: number, end: number) => void = () => {}) {
    this.#write = write
    this.#random = seeded(seed)
    this.#onAcknowledged = onAcknowledged
  }

  start(): this {
    this.#writers = Promise.all(Array.from({ length: WRITERS }, (_, writer) => this.#writeInStripe(writer)))
    return this
  }

  /** From the next writes on: one that is under way may have been done before, and only its acknowledgement is still to come. */
  async startCounting(): Promise<void> {
    await this.turn()
    this.#acknowledged = new DirtyMap(blockCount(SIZE_BYTES))
  }

  /** Blocks of the writes that were acknowledged since the last `startCounting`, until now. */
  get acknowledged(): DirtyMap {
    const copy = new DirtyMap(blockCount(SIZE_BYTES))
    copy.addAll(this.#acknowledged)
    return copy
  }

  /** Resolves when so many more writes were acknowledged, or one failed. */
  async more(writes: number): Promise<void> {
    const until = this.acknowledgements + writes
    while (this.acknowledgements < until && this.errors.length === 0) await wait(1)
  }

  /** Resolves when every write that is under way now has ended. */
  async turn(): Promise<void> {
    const until = this.#turns.map((turns) => turns + 1)
    while (this.#turns.some((turns, writer) => turns < (until[writer] ?? 0)) && this.errors.length === 0) await wait(1)
  }

  async stop(): Promise<void> {
    this.#stopped = true
    await this.#writers
  }

  async #writeInStripe(writer: number): Promise<void> {
    const random = this.#random
    while (!this.#stopped) {
      const unit = random() < 0.5 ? BLOCK_BYTES : 512
      const length = unit * (1 + Math.floor(random() * 16))
      const offset = writer * STRIPE_BYTES + unit * Math.floor(random() * ((STRIPE_BYTES - length) / unit))
      const data = random() < 0.1 ? null : Buffer.alloc(length, 1 + Math.floor(random() * 255))
      try {
        await (data === null ? this.#write.writeZeroes(offset, length) : this.#write.write(offset, data))
      } catch (error) {
        this.errors.push(error)
        return
      }
      if (data === null) this.content.fill(0, offset, offset + length)
      else data.copy(this.content, offset)
      const { first, end } = blocksOf(offset, length)
      this.#acknowledged.mark(first, end)
      this.acknowledgements += 1
      this.#turns[writer] = (this.#turns[writer] ?? 0) + 1
      this.#onAcknowledged(first, end)
      // Breathe: what is proven here is order, not speed, and other tests run beside this one.
      if (random() < 0.05) await wait(1)
    }
  }
}

/** mulberry32. */
export function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

export async function readAll(device: Pick<BlockDevice, 'sizeBytes' | 'read'>): Promise<Buffer> {
  const content = Buffer.alloc(device.sizeBytes)
  for (let at = 0; at < content.length; at += 1024 * 1024) await device.read(at, content.subarray(at, at + 1024 * 1024))
  return content
}

/** First byte that differs, or -1. */
export function firstDifference(a: Buffer, b: Buffer): number {
  if (a.equals(b)) return -1
  return a.findIndex((byte, at) => byte !== b[at])
}
