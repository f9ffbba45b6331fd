import type { BlockDevice } from '@driftless/nbd'
import { hashOf, isZero } from '../block/content.ts'
import { giveBuffer, takeBuffer } from '../stream/buffer-pool.ts'
import type { DiskLink } from '../stream/disk-link.ts'
import { HASH_BYTES, HASH_PIECE_BYTES, MAX_DATA_BYTES } from '../stream/protocol.ts'
import type { SweepMode } from './sync-state.ts'

/** Bytes of one question: what the copier reads at a time. */
const RANGE_BYTES = MAX_DATA_BYTES

/** Questions under way: at 80 ms round trip this lets 100 MB/s be compared. */
const MAX_ASKED = 8

/** On a link faster than this, hashing and asking costs more time than sending (a gigabit carries 125 MB/s). */
const OFFER_BELOW_BYTES_PER_SECOND = 60_000_000

/** What the target holds in a range, as far as it was asked. */
export interface KnownRange {
  readonly offset: number
  readonly length: number
  /** Whether the target's piece of this number (from the range's start) surely has this content. */
  equals(piece: number, content: Buffer): boolean
}

interface Asked {
  readonly offset: number
  readonly length: number
  readonly answer: Promise<KnownRange>
}

/**
 * Asks, ahead of the sweep, what the target holds already: by the hashes of the same place where it holds something
 * there, or, on a slow link, by offering hashes that it looks up in all it holds. What is read for an offer is read
 * again when the sweep comes to it: it may have changed, and what changes before the sweep has been there is not marked.
 */
export class RangeQuestions {
  readonly #device: BlockDevice
  readonly #link: DiskLink
  readonly #asked: Asked[] = []
  /** Up to here an earlier connection's offers may have left something: the replica is not all zero. */
  readonly #unsureTo: number

  constructor(device: BlockDevice, link: DiskLink, sweepPosition: number) {
    this.#device = device
    this.#link = link
    this.#unsureTo = link.ok.takesOffers && !link.ok.fresh ? sweepPosition + MAX_ASKED * RANGE_BYTES : 0
  }

  /**
   * What the target holds from `position` on; null: nothing but zeroes. `limitBytesPerSecond` is what holds the stream back,
   * null when nothing does. Rejects when the link has failed.
   */
  async at(position: number, mode: SweepMode, limitBytesPerSecond: number | null): Promise<KnownRange | null> {
    const offering = this.#link.ok.takesOffers && limitBytesPerSecond !== null && limitBytesPerSecond < OFFER_BELOW_BYTES_PER_SECOND
    if (this.#asked[0]?.offset !== position) this.#asked.length = 0
    let next = (this.#asked.at(-1) ?? { offset: position, length: 0 }).offset + (this.#asked.at(-1)?.length ?? 0)
    while (this.#asked.length < MAX_ASKED && next < this.#device.sizeBytes) {
      const unknown = mode === 'COMPARE' || next < this.#unsureTo
      if (!offering && !unknown) break
      const length = Math.min(RANGE_BYTES, this.#device.sizeBytes - next)
      const answer = offering ? this.#offer(next, length, unknown) : this.#compare(next, length)
      answer.catch(() => {}) // whoever awaits it hears of it; nobody may be left to
      this.#asked.push({ offset: next, length, answer })
      next += length
    }
    return (await this.#asked.shift()?.answer) ?? null
  }

  async #compare(offset: number, length: number): Promise<KnownRange> {
    const theirs = await this.#link.hashes(offset, length)
    return { offset, length, equals: (piece, content) => hashOf(content).equals(hashAt(theirs, piece)) }
  }

  async #offer(offset: number, length: number, unknown: boolean): Promise<KnownRange> {
    const hashing = this.#hashes(offset, length)
    const bits = await this.#link.offer(offset, length, hashing)
    const ours = await hashing
    return {
      offset,
      length,
      equals: (piece, content) => {
        if (((bits[piece >>> 3] ?? 0) >>> (piece & 7)) % 2 === 1) return hashOf(content).equals(hashAt(ours, piece))
        return !unknown && isZero(content)
      },
    }
  }

  async #hashes(offset: number, length: number): Promise<Buffer> {
    const buffer = takeBuffer(length)
    const data = buffer.subarray(0, length)
    if (this.#device.readNow?.(offset, data) !== true) await this.#device.read(offset, data)
    const hashes: Buffer[] = []
    for (let at = 0; at < length; at += HASH_PIECE_BYTES) hashes.push(hashOf(data.subarray(at, Math.min(at + HASH_PIECE_BYTES, length))))
    giveBuffer(buffer)
    return Buffer.concat(hashes)
  }
}

const hashAt = (hashes: Buffer, piece: number): Buffer => hashes.subarray(piece * HASH_BYTES, (piece + 1) * HASH_BYTES)
