import { broken } from './frames.ts'
import type { Chunk } from './lane-chunks.ts'

/** Counted for each chunk held, besides its bytes: many tiny ones must not cost more than few large ones. */
const CHUNK_OVERHEAD_BYTES = 256

/** So far lanes may always run ahead of one another: a few chunks. What is held for a peer that has not earned more yet. */
const MIN_AHEAD_BYTES = 256 * 1024

/** Never more, a bundle: at 100 Mbit/s a lane may lag behind the others by more than half a second, a lost packet's time on any link. */
const MAX_AHEAD_BYTES = 8 * 1024 * 1024

/**
 * Puts the chunks of several lanes back in order. What it holds is bounded, by the lanes' owner, who reads no lane of
 * which `mayRead` says no. The lane that brings the next chunk is always read: a lane's sequences rise, so one that has
 * brought a later chunk cannot be it.
 */
export class Reorder {
  readonly #held = new Map<number, Buffer>()
  readonly #latest: number[]
  #next = 0
  #heldBytes = 0
  #deliveredBytes = 0

  constructor(lanes: number) {
    this.#latest = Array.from({ length: lanes }, () => -1)
  }

  /** Throws `StreamError` BROKEN_STREAM on a chunk that came before. */
  put(lane: number, { sequence, data }: Chunk): void {
    if (sequence < this.#next || this.#held.has(sequence)) throw broken(`chunk ${sequence} twice`)
    this.#held.set(sequence, data)
    this.#heldBytes += data.length + CHUNK_OVERHEAD_BYTES
    this.#latest[lane] = sequence
  }

  /** The next bytes of the stream; null: they have not come yet. */
  take(): Buffer | null {
    const data = this.#held.get(this.#next)
    if (data === undefined) return null
    this.#held.delete(this.#next)
    this.#next += 1
    this.#heldBytes -= data.length + CHUNK_OVERHEAD_BYTES
    this.#deliveredBytes += data.length
    return data
  }

  /** Whether more may be read from the lane. `wanted`: whoever takes the stream is waiting for it. Ask again after `put` and `take`. */
  mayRead(lane: number, wanted: boolean): boolean {
    // As much as was taken: a peer that was not even greeted gets little. And a lane ahead gains nothing when the taker is what is slow.
    const aheadBytes = wanted ? Math.min(MAX_AHEAD_BYTES, Math.max(MIN_AHEAD_BYTES, this.#deliveredBytes)) : MIN_AHEAD_BYTES
    return this.#heldBytes < aheadBytes || (this.#latest[lane] ?? -1) < this.#next
  }

  /** Held now, in bytes, what each chunk costs beside its data included. */
  get heldBytes(): number {
    return this.#heldBytes
  }
}
