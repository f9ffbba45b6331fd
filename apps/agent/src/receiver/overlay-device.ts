import { BlockError } from '@driftless/nbd'
import type { BlockDevice } from '@driftless/nbd'
import { DirtyMap } from '../block/dirty-map.ts'
import { BLOCK_BYTES, blockCount, blocksOf, bytesOf } from '../block/map.ts'
import type { TestRoom } from './test-room.ts'

/** What lies under an overlay. */
export interface Underlay {
  readonly sizeBytes: number
  read(offset: number, into: Buffer): Promise<void>
}

const ZEROES = Buffer.alloc(1024 * 1024)

/**
 * A disk that may be written to without a trace: what is written goes to a file of its own, block by block, the rest is
 * read from what lies under it. For as long as the agent runs: which blocks were written is known in memory only, so
 * flushing makes nothing durable.
 */
export class OverlayDevice implements BlockDevice {
  readonly sizeBytes: number
  readonly #under: Underlay
  readonly #own: BlockDevice
  readonly #room: TestRoom
  readonly #written: DirtyMap
  /** First writes to a block, one after the other: two that share a block must not undo one another. */
  #claiming: Promise<void> = Promise.resolve()

  /** `own`: an empty sparse file of the same size, closed with this device. */
  constructor(under: Underlay, own: BlockDevice, room: TestRoom) {
    this.#under = under
    this.#own = own
    this.#room = room
    this.sizeBytes = under.sizeBytes
    this.#written = new DirtyMap(blockCount(under.sizeBytes))
  }

  async read(offset: number, into: Buffer): Promise<void> {
    for (let at = 0; at < into.length; ) {
      const block = Math.floor((offset + at) / BLOCK_BYTES)
      const own = this.#written.has(block)
      let end = block + 1
      while (end * BLOCK_BYTES < offset + into.length && this.#written.has(end) === own) end += 1
      const part = into.subarray(at, Math.min(end * BLOCK_BYTES - offset, into.length))
      await (own ? this.#own : this.#under).read(offset + at, part)
      at += part.length
    }
  }

  write(offset: number, data: Buffer): Promise<void> {
    const { first, end } = blocksOf(offset, data.length)
    if (this.#missing(first, end) === 0) return this.#own.write(offset, data)
    const claimed = this.#claiming.then(() => this.#claim(first, end, offset, data))
    this.#claiming = claimed.catch(() => {})
    return claimed
  }

  async writeZeroes(offset: number, length: number): Promise<void> {
    for (let at = 0; at < length; at += ZEROES.length) await this.write(offset + at, ZEROES.subarray(0, Math.min(ZEROES.length, length - at)))
  }

  flush(): Promise<void> {
    return Promise.resolve()
  }

  close(): Promise<void> {
    return this.#own.close()
  }

  #missing(first: number, end: number): number {
    let missing = 0
    for (let block = first; block < end; block += 1) if (!this.#written.has(block)) missing += 1
    return missing
  }

  /** The first write to some of the blocks. Those that it covers in part are brought up from below, unless they were already. */
  async #claim(first: number, end: number, offset: number, data: Buffer): Promise<void> {
    if (!this.#room.take(this.#missing(first, end) * BLOCK_BYTES)) {
      throw new BlockError('ENOSPC', `The test VM has written more than the ${this.#room.limitBytes} bytes that a test may take of the store.`)
    }
    if (offset % BLOCK_BYTES !== 0) await this.#bringUp(first)
    const stop = offset + data.length
    if (stop % BLOCK_BYTES !== 0 && stop !== this.sizeBytes) await this.#bringUp(end - 1)
    await this.#own.write(offset, data)
    this.#written.mark(first, end)
  }

  async #bringUp(block: number): Promise<void> {
    if (this.#written.has(block)) return
    const { offset, length } = bytesOf(block, block + 1, this.sizeBytes)
    const content = Buffer.allocUnsafe(length)
    await this.#under.read(offset, content)
    await this.#own.write(offset, content)
    this.#written.mark(block, block + 1)
  }
}
