import { createHash, randomInt } from 'node:crypto'
import type { BlockDevice } from '@driftless/nbd'
import type { BlockRun } from '../../../block/dirty-map.ts'
import { BLOCK_BYTES } from '../../../block/map.ts'

const PIECE_BLOCKS = 16
const PIECE_BYTES = PIECE_BLOCKS * BLOCK_BYTES

/** Read each round, of each disk: 2 MiB. */
export const SAMPLE_PIECES = 32

/**
 * Pieces of a disk whose hashes are remembered from one moment to the next: one that is said not to have changed, and has,
 * shows that changed block tracking is wrong. It has been before (VMware KB 310751 and 317933). A sample finds a fault
 * that lasts; the whole disks are compared before and after the cutover in any case.
 */
export class UnchangedSample {
  readonly #device: Pick<BlockDevice, 'read' | 'sizeBytes'>
  readonly #pick: (pieces: number) => number
  readonly #hashes = new Map<number, string>()

  /** `pick` chooses one of so many pieces; by chance when left out. */
  constructor(device: Pick<BlockDevice, 'read' | 'sizeBytes'>, pick: (pieces: number) => number = (pieces) => randomInt(pieces)) {
    this.#device = device
    this.#pick = pick
  }

  /**
   * Looks at the disk at a new moment, of which is said what changed since the last look. Resolves to where it changed
   * without being said, in bytes; null: nowhere that was looked at. Half of the pieces are others the next time.
   */
  async check(changed: readonly BlockRun[]): Promise<number | null> {
    for (const { first, end } of changed) this.#forget(first, end)
    for (const [piece, before] of this.#hashes) if ((await this.#hash(piece)) !== before) return piece * PIECE_BYTES
    const kept = [...this.#hashes.keys()].slice(-SAMPLE_PIECES / 2)
    for (const piece of this.#hashes.keys()) if (!kept.includes(piece)) this.#hashes.delete(piece)
    const pieces = Math.ceil(this.#device.sizeBytes / PIECE_BYTES)
    for (let tries = 0; this.#hashes.size < Math.min(SAMPLE_PIECES, pieces) && tries < 2 * SAMPLE_PIECES; tries += 1) {
      const piece = this.#pick(pieces)
      if (!this.#hashes.has(piece)) this.#hashes.set(piece, await this.#hash(piece))
    }
    return null
  }

  /** Nothing is known any more: what changed was not said. */
  forget(): void {
    this.#hashes.clear()
  }

  #forget(first: number, end: number): void {
    for (const piece of this.#hashes.keys()) if (piece * PIECE_BLOCKS < end && (piece + 1) * PIECE_BLOCKS > first) this.#hashes.delete(piece)
  }

  async #hash(piece: number): Promise<string> {
    const offset = piece * PIECE_BYTES
    const data = Buffer.allocUnsafe(Math.min(PIECE_BYTES, this.#device.sizeBytes - offset))
    await this.#device.read(offset, data)
    return createHash('sha256').update(data).digest('base64')
  }
}
