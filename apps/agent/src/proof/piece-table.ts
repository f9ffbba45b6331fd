/**
 * MAP of `proof/`: how both sides know, at the cutover, that their disks are equal, without reading them whole then.
 *
 *   PieceTable     for one disk, on each side: a hash for each 64 KiB, from reading the disk back, and which are stale
 *   TrackedDevice  the replica's disk: makes pieces stale that the stream writes
 *   VerifyBehind   at the source, while the VM runs: has both sides read settled pieces back, and compares
 *
 * A disk's hash is BLAKE3 over the hashes of its pieces, in order. Each side makes it from its own table alone.
 */
import { open, rm } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { dirname } from 'node:path'
import { Blake3Hasher } from '@napi-rs/blake-hash'
import type { BlockDevice } from '@driftless/nbd'
import { z } from 'zod'
import { hashOf, isZero } from '../block/content.ts'
import { DirtyMap } from '../block/dirty-map.ts'
import type { BlockRun } from '../block/dirty-map.ts'
import { BLOCK_BYTES } from '../block/map.ts'
import { readState, syncFolder, writeState } from '../state-file.ts'
import { HASH_BYTES, HASH_PIECE_BYTES } from '../stream/protocol.ts'

export const PIECE_BLOCKS = HASH_PIECE_BYTES / BLOCK_BYTES

/** Read back at once: full speed, and half a millisecond of hashing between two turns of the event loop. */
const READ_PIECES = 64

/** Table read at once for the disk's hash. */
const DIGEST_READ_BYTES = 1024 * 1024

/** A table with more separate stale runs than this is not worth keeping over a restart. */
const MOST_KEPT_RUNS = 100_000

const zeroPiece = Buffer.alloc(HASH_PIECE_BYTES)
const zeroPieceHash = hashOf(zeroPiece)

/** What lies beside the table while nobody uses it: without it everything is stale. */
const kept = z.object({ epoch: z.string(), sizeBytes: z.number(), stale: z.array(z.tuple([z.number(), z.number()])) })

/**
 * Hashes of a disk's pieces, in a file (32 bytes a piece, 2 GiB for a 4 TiB disk), and in memory which of them are stale.
 * Everything is stale at first. A piece is taken off the stale ones before it is read, so whatever changes it then makes
 * it stale again: never is an old hash taken for a present one.
 */
export class PieceTable {
  readonly sizeBytes: number
  readonly pieceCount: number
  readonly #path: string
  readonly #device: BlockDevice
  readonly #stale: DirtyMap
  /** What became stale before the kept state was read. */
  #touchedBefore: DirtyMap | null
  #file: FileHandle | null = null
  #opening: Promise<void> | null = null
  #epoch = ''
  #readBackPieces = 0
  /** One reading at a time: a piece read twice at once could be taken for settled between the two. */
  #reading: Promise<unknown> = Promise.resolve()

  constructor(path: string, device: BlockDevice) {
    this.#path = path
    this.#device = device
    this.sizeBytes = device.sizeBytes
    this.pieceCount = Math.ceil(device.sizeBytes / HASH_PIECE_BYTES)
    this.#stale = new DirtyMap(this.pieceCount)
    this.#stale.mark(0, this.pieceCount)
    this.#touchedBefore = new DirtyMap(this.pieceCount)
  }

  /** Opens the file; what an orderly `close` left behind is taken up. Until then everything counts as stale. */
  open(): Promise<void> {
    this.#opening ??= this.#open().catch((error: unknown) => {
      this.#opening = null
      throw error
    })
    return this.#opening
  }

  async #open(): Promise<void> {
    const state = await readState(this.#statePath, kept).catch(() => null) // damaged: as if there were none
    if (state !== null) {
      await rm(this.#statePath, { force: true }) // from here on it would tell lies after a kill
      await syncFolder(dirname(this.#statePath))
    }
    this.#file = await open(this.#path, state === null ? 'w+' : 'r+', 0o600).catch(() => open(this.#path, 'w+', 0o600))
    const whole = (await this.#file.stat()).size === this.pieceCount * HASH_BYTES
    if (state !== null && whole && state.sizeBytes === this.sizeBytes) {
      this.#epoch = state.epoch
      this.#stale.clearAll()
      for (const [first, end] of state.stale) this.#stale.mark(first, end)
      if (this.#touchedBefore !== null) this.#stale.addAll(this.#touchedBefore)
    } else await this.#file.truncate(this.pieceCount * HASH_BYTES)
    this.#touchedBefore = null
  }

  /** Which replica's content the hashes were compared with; those of another epoch are all stale. */
  useEpoch(epoch: string): void {
    if (this.#epoch !== epoch) this.touchAll()
    this.#epoch = epoch
  }

  /** These blocks are about to change, or have just changed. */
  touch(firstBlock: number, endBlock: number): void {
    const first = Math.floor(firstBlock / PIECE_BLOCKS)
    const end = Math.ceil(endBlock / PIECE_BLOCKS)
    this.#stale.mark(first, end)
    this.#touchedBefore?.mark(first, end)
  }

  touchAll(): void {
    this.touch(0, this.pieceCount * PIECE_BLOCKS)
  }

  get stalePieces(): number {
    return this.#stale.count
  }

  /** Pieces read back since the start. */
  get readBackPieces(): number {
    return this.#readBackPieces
  }

  /** Bytes of the disk whose hash is known. */
  get knownBytes(): number {
    return Math.max(0, this.sizeBytes - this.#stale.count * HASH_PIECE_BYTES)
  }

  isStale(piece: number): boolean {
    return this.#stale.has(piece)
  }

  /** First run of stale pieces at or after `from`, at most `maxPieces` long. */
  nextStale(from: number, maxPieces: number): BlockRun | null {
    return this.#stale.nextRun(from, maxPieces)
  }

  /**
   * Reads pieces `first` to `end` (exclusive) back from the disk, and returns and remembers their hashes. Rejects with
   * the device's or the file's error; the pieces are stale then.
   */
  readBack(first: number, end: number): Promise<Buffer> {
    const read = this.#reading.then(() => this.#readBack(first, end))
    this.#reading = read.catch(() => {})
    return read
  }

  async #readBack(first: number, end: number): Promise<Buffer> {
    const file = this.#opened()
    this.#stale.clear(first, end)
    try {
      const offset = first * HASH_PIECE_BYTES
      const data = Buffer.allocUnsafe(Math.min(end * HASH_PIECE_BYTES, this.sizeBytes) - offset)
      if (this.#device.readNow?.(offset, data) !== true) await this.#device.read(offset, data)
      const hashes = Buffer.allocUnsafe((end - first) * HASH_BYTES)
      for (let piece = 0; piece < end - first; piece += 1) {
        hashPiece(data.subarray(piece * HASH_PIECE_BYTES, (piece + 1) * HASH_PIECE_BYTES)).copy(hashes, piece * HASH_BYTES)
      }
      await file.write(hashes, 0, hashes.length, first * HASH_BYTES)
      this.#readBackPieces += end - first
      return hashes
    } catch (error) {
      this.#stale.mark(first, end)
      throw error
    }
  }

  /** Reads every stale piece back. Resolves when none is left; rejects with the signal's reason when it aborts. */
  async readBackStale(signal: AbortSignal): Promise<void> {
    for (let run = this.nextStale(0, READ_PIECES); run !== null; run = this.nextStale(0, READ_PIECES)) {
      signal.throwIfAborted()
      await this.readBack(run.first, run.end)
    }
    await this.#reading
  }

  /** The disk's hash, in hexadecimal; null while anything is stale. */
  async digest(signal: AbortSignal): Promise<string | null> {
    await this.#reading
    const file = this.#opened()
    const hasher = new Blake3Hasher()
    const buffer = Buffer.allocUnsafe(DIGEST_READ_BYTES)
    const totalBytes = this.pieceCount * HASH_BYTES
    for (let at = 0; at < totalBytes; ) {
      signal.throwIfAborted()
      const { bytesRead } = await file.read(buffer, 0, Math.min(DIGEST_READ_BYTES, totalBytes - at), at)
      if (bytesRead === 0) throw new Error(`The table of hashes ${this.#path} has been cut short. Check that disk; the hashes are made anew.`)
      hasher.update(buffer.subarray(0, bytesRead))
      at += bytesRead
    }
    await this.#reading
    return this.#stale.count === 0 ? hasher.digestBuffer().toString('hex') : null
  }

  /** Closes the file and keeps what is known for the next start. Nothing may change the disk until then unseen. */
  async close(): Promise<void> {
    await this.#opening?.catch(() => {})
    this.#opening = null
    await this.#reading
    const file = this.#file
    if (file === null) return
    this.#file = null
    const stale: [number, number][] = []
    for (let run = this.#stale.nextRun(0, this.pieceCount); run !== null && stale.length <= MOST_KEPT_RUNS; run = this.#stale.nextRun(run.end, this.pieceCount)) stale.push([run.first, run.end])
    await file.sync()
    await file.close()
    if (stale.length <= MOST_KEPT_RUNS) await writeState(this.#statePath, { epoch: this.#epoch, sizeBytes: this.sizeBytes, stale })
  }

  get #statePath(): string {
    return statePathOf(this.#path)
  }

  #opened(): FileHandle {
    if (this.#file === null) throw new Error('The table of hashes is not open.')
    return this.#file
  }
}

const statePathOf = (path: string): string => `${path}.json`

/** Removes the files of a table that nobody uses. */
export async function removeTable(path: string): Promise<void> {
  await rm(statePathOf(path), { force: true })
  await rm(path, { force: true })
}

function hashPiece(data: Buffer): Buffer {
  return data.length === HASH_PIECE_BYTES && isZero(data) ? zeroPieceHash : hashOf(data)
}

/**
 * Reads the whole device once and returns the disk's hash as a complete table gives it. Yields between reads. Rejects
 * with the device's error, or the signal's reason when it aborts.
 */
export async function hashWholeDisk(device: BlockDevice, signal: AbortSignal): Promise<string> {
  const hasher = new Blake3Hasher()
  const buffer = Buffer.allocUnsafe(READ_PIECES * HASH_PIECE_BYTES)
  for (let offset = 0; offset < device.sizeBytes; offset += buffer.length) {
    signal.throwIfAborted()
    const data = buffer.subarray(0, Math.min(buffer.length, device.sizeBytes - offset))
    await device.read(offset, data)
    for (let at = 0; at < data.length; at += HASH_PIECE_BYTES) hasher.update(hashPiece(data.subarray(at, Math.min(at + HASH_PIECE_BYTES, data.length))))
  }
  return hasher.digestBuffer().toString('hex')
}
