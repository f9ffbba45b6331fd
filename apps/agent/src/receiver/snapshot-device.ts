import { BlockError } from '@driftless/nbd'
import type { BlockDevice } from '@driftless/nbd'
import { isZero } from '../block/content.ts'
import { DirtyMap } from '../block/dirty-map.ts'
import type { TestRoom } from './test-room.ts'

/** Content is kept by pieces of this size: one read and one write of it where replication writes for the first time. */
export const SAVED_PIECE_BYTES = 64 * 1024

/**
 * A replica's disk as it was at one moment, while replication goes on writing to it. Whoever changes the replica asks
 * `beforeChange` first: what stood there is then saved to a side file. Read only; the replica is never written to.
 *
 * Readers take no lock: they read the replica and look afterwards whether the piece was saved meanwhile. It is marked as
 * saved before the change is submitted, so a piece that is still unmarked then was read as it was.
 */
export class SnapshotDevice {
  readonly sizeBytes: number
  readonly #replica: BlockDevice
  readonly #side: BlockDevice
  readonly #room: TestRoom
  readonly #saved: DirtyMap
  #saving: Promise<void> = Promise.resolve()
  #lost: Error | null = null
  #closed = false

  /** `side`: an empty sparse file of the replica's size. It is closed with this device; the replica is not. */
  constructor(replica: BlockDevice, side: BlockDevice, room: TestRoom) {
    this.#replica = replica
    this.#side = side
    this.#room = room
    this.sizeBytes = replica.sizeBytes
    this.#saved = new DirtyMap(Math.ceil(replica.sizeBytes / SAVED_PIECE_BYTES))
  }

  /** Why this moment's content is no longer whole; null: it is. Replication never fails for it. */
  get lost(): Error | null {
    return this.#lost
  }

  get savedBytes(): number {
    return this.#saved.count * SAVED_PIECE_BYTES
  }

  /** Keeps what the range holds. Undefined: nothing is left to keep. Otherwise wait for it before the change; it never rejects. */
  beforeChange(offset: number, length: number): Promise<void> | undefined {
    if (this.#lost !== null || this.#closed || this.#unsaved(offset, length) === null) return undefined
    const saving = this.#saving.then(async () => {
      try {
        for (let run = this.#unsaved(offset, length); run !== null && this.#lost === null; run = this.#unsaved(offset, length)) await this.#save(run)
      } catch (error) {
        this.#lost = error instanceof Error ? error : new Error(String(error))
      }
    })
    this.#saving = saving
    return saving
  }

  async read(offset: number, into: Buffer): Promise<void> {
    for (let at = 0; at < into.length; ) {
      if (this.#lost !== null) throw new BlockError('EIO', `The content of this moment is lost: ${this.#lost.message}`)
      const piece = Math.floor((offset + at) / SAVED_PIECE_BYTES)
      const saved = this.#saved.has(piece)
      let end = piece + 1
      while (end * SAVED_PIECE_BYTES < offset + into.length && this.#saved.has(end) === saved) end += 1
      const part = into.subarray(at, Math.min(end * SAVED_PIECE_BYTES - offset, into.length))
      await (saved ? this.#side : this.#replica).read(offset + at, part)
      // Saved meanwhile: what was read may be newer than this moment. Read again, from the side file where it is.
      if (!saved && this.#savedAny(piece, end)) continue
      at += part.length
    }
  }

  /** Waits for what is being saved. Changes are no longer kept afterwards. */
  async close(): Promise<void> {
    this.#closed = true
    await this.#saving
    await this.#side.close()
  }

  /** First run of pieces in the range that are not saved; null: all are. */
  #unsaved(offset: number, length: number): { first: number; end: number } | null {
    const end = Math.ceil((offset + length) / SAVED_PIECE_BYTES)
    let first = Math.floor(offset / SAVED_PIECE_BYTES)
    while (first < end && this.#saved.has(first)) first += 1
    if (first === end) return null
    let last = first + 1
    while (last < end && !this.#saved.has(last)) last += 1
    return { first, end: last }
  }

  #savedAny(first: number, end: number): boolean {
    for (let piece = first; piece < end; piece += 1) if (this.#saved.has(piece)) return true
    return false
  }

  async #save({ first, end }: { first: number; end: number }): Promise<void> {
    const offset = first * SAVED_PIECE_BYTES
    const content = Buffer.allocUnsafe(Math.min(end * SAVED_PIECE_BYTES, this.sizeBytes) - offset)
    await this.#replica.read(offset, content)
    // The side file is sparse: zeroes are there already.
    if (!isZero(content)) {
      if (!this.#room.take(content.length)) throw new Error(`Replication has changed more since then than the ${this.#room.limitBytes} bytes that a test may take of the store.`)
      await this.#side.write(offset, content)
    }
    this.#saved.mark(first, end)
  }
}
