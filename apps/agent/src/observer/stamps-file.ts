import { open, rm } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { SAVED_STAMPS } from './minute-stamps.ts'
import type { MinuteStamps } from './minute-stamps.ts'

const PART_BYTES = SAVED_STAMPS * Uint16Array.BYTES_PER_ELEMENT

/**
 * A disk's stamps on our own disk, written in place: a stamp that a crash has kept is true, whatever became of its neighbours, so nothing
 * need be atomic. Its bytes are in the machine's own order; it goes nowhere else.
 */
export class StampsFile {
  readonly #file: FileHandle

  private constructor(file: FileHandle) {
    this.#file = file
  }

  /** `stamps` takes over what the file holds; with `anew` that is forgotten. */
  static async open(path: string, stamps: MinuteStamps, anew: boolean): Promise<StampsFile> {
    if (anew) await rm(path, { force: true })
    const file = await open(path, anew ? 'wx+' : 'r+', 0o600)
    if (!anew) {
      const saved = new Uint16Array(stamps.stamps.length)
      const bytes = Buffer.from(saved.buffer)
      for (let at = 0; at < bytes.length; ) {
        const { bytesRead } = await file.read(bytes, at, bytes.length - at, at)
        if (bytesRead === 0) break // what was never written is all zero
        at += bytesRead
      }
      stamps.load(saved)
    }
    return new StampsFile(file)
  }

  /** Writes what changed since the last call. Durable when it resolves. */
  async save(stamps: MinuteStamps): Promise<void> {
    let wrote = false
    for (let part = stamps.takeChanged(0); part !== null; part = stamps.takeChanged(part + 1)) {
      // The stamps themselves, not a copy: one that changes meanwhile marks its part again.
      const { buffer, length } = stamps.stamps
      const start = part * PART_BYTES
      await this.#file.write(new Uint8Array(buffer, start, Math.min(PART_BYTES, length * Uint16Array.BYTES_PER_ELEMENT - start)), 0, undefined, start)
      wrote = true
    }
    if (wrote) await this.#file.datasync()
  }

  close(): Promise<void> {
    return this.#file.close()
  }
}
