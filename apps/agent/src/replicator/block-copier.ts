import type { BlockDevice } from '@driftless/nbd'
import { hashOf, isZero, nonZeroRuns } from '../block/content.ts'
import { BLOCK_BYTES, bytesOf } from '../block/map.ts'
import type { TokenBucket } from '../block/token-bucket.ts'
import type { DiskLink } from '../stream/disk-link.ts'
import { HASH_PIECE_BYTES, MAX_DATA_BYTES, MAX_HASH_RANGE_BYTES, StreamError } from '../stream/protocol.ts'
import type { SyncState } from './sync-state.ts'

/** Under a cap pieces shrink to about a twentieth of a second's worth, so that dirty blocks soon get their turn. */
const SMALLEST_PIECE_BYTES = HASH_PIECE_BYTES
const PIECES_PER_SECOND = 20

export interface BlockCopierOptions {
  device: BlockDevice
  link: DiskLink
  sync: SyncState
  buckets: TokenBucket[]
  signal: AbortSignal
}

/**
 * Reads blocks and sends them over one link. Runs take their turn strictly one after the other:
 * what was read later is sent later, so the target never ends with the older of two contents.
 */
export class BlockCopier {
  /** Data sent since the owner last reset it. */
  unflushedBytes = 0
  readonly #options: BlockCopierOptions
  readonly #spare: Buffer[] = []
  #backgroundBytes = 0
  /** Hashes asked for ahead of the sweep, and the range they belong to. */
  #ahead: { offset: number; length: number; hashes: Promise<Buffer> } | null = null

  constructor(options: BlockCopierOptions) {
    this.#options = options
  }

  get backgroundBytes(): number {
    return this.#backgroundBytes
  }

  /** Sends the next run of dirty blocks; false when the pass is done. */
  async copyForeground(): Promise<boolean> {
    const { sync } = this.#options
    const run = sync.takeForeground(this.#pieceBytes() / BLOCK_BYTES)
    if (run === null) return false
    const { offset, length } = bytesOf(run.first, run.end, sync.sizeBytes)
    const buffer = await this.#read(offset, length)
    const data = buffer.subarray(0, length)
    if (isZero(data)) {
      this.#reuse(buffer)
      await this.#options.link.zero(offset, length)
      this.unflushedBytes += BLOCK_BYTES
    } else await this.#send(offset, data, () => this.#reuse(buffer))
    return true
  }

  /** Sends, or finds equal, the next piece of the sweep; false when it has handed out everything. */
  async copyBackground(): Promise<boolean> {
    return this.#options.sync.sweepMode === 'FRESH' ? this.#copyFresh() : this.#compare()
  }

  async #copyFresh(): Promise<boolean> {
    const range = this.#options.sync.takeBackground(this.#pieceBytes())
    if (range === null) return false
    const buffer = await this.#read(range.offset, range.length)
    const runs = nonZeroRuns(buffer.subarray(0, range.length))
    this.#options.sync.noteData(bytesIn(runs))
    await this.#sendRuns(range.offset, buffer, runs)
    return true
  }

  /** One range of the sweep by hashes: pieces that differ are sent. The next range's hashes are asked for meanwhile. */
  async #compare(): Promise<boolean> {
    const { sync, signal } = this.#options
    const range = sync.takeBackground(Math.min(MAX_HASH_RANGE_BYTES, MAX_DATA_BYTES))
    if (range === null) return false
    const asked = this.#ahead?.offset === range.offset ? this.#ahead : this.#ask(range.offset, range.length)
    const next = range.offset + range.length
    this.#ahead = next < sync.sizeBytes ? this.#ask(next, Math.min(MAX_DATA_BYTES, sync.sizeBytes - next)) : null
    const theirs = await asked.hashes
    signal.throwIfAborted()
    const buffer = await this.#read(range.offset, range.length)
    sync.noteData(bytesIn(nonZeroRuns(buffer.subarray(0, range.length))))
    const runs: { first: number; end: number }[] = []
    const blocksInPiece = HASH_PIECE_BYTES / BLOCK_BYTES
    for (let piece = 0; piece * HASH_PIECE_BYTES < range.length; piece += 1) {
      const start = piece * HASH_PIECE_BYTES
      const ours = hashOf(buffer.subarray(start, Math.min(start + HASH_PIECE_BYTES, range.length)))
      if (ours.equals(theirs.subarray(piece * 32, piece * 32 + 32))) continue
      runs.push({ first: piece * blocksInPiece, end: Math.min((piece + 1) * blocksInPiece, Math.ceil(range.length / BLOCK_BYTES)) })
    }
    await this.#sendRuns(range.offset, buffer, runs)
    return true
  }

  #ask(offset: number, length: number): { offset: number; length: number; hashes: Promise<Buffer> } {
    const hashes = this.#options.link.hashes(offset, length)
    hashes.catch(() => {}) // whoever awaits it hears of it; nobody may be left to
    return { offset, length, hashes }
  }

  async #sendRuns(offset: number, buffer: Buffer, runs: { first: number; end: number }[]): Promise<void> {
    let unsent = runs.length
    const length = Math.min(buffer.length, this.#options.sync.sizeBytes - offset)
    if (unsent === 0) this.#reuse(buffer)
    for (const run of runs) {
      const data = buffer.subarray(run.first * BLOCK_BYTES, Math.min(run.end * BLOCK_BYTES, length))
      this.#backgroundBytes += data.length
      const sent = () => {
        unsent -= 1
        if (unsent === 0) this.#reuse(buffer)
      }
      if (this.#options.sync.sweepMode === 'COMPARE' && isZero(data)) {
        await this.#options.link.zero(offset + run.first * BLOCK_BYTES, data.length)
        sent()
      } else await this.#send(offset + run.first * BLOCK_BYTES, data, sent)
    }
  }

  async #send(offset: number, data: Buffer, sent: () => void): Promise<void> {
    this.unflushedBytes += data.length
    await this.#options.link.write(offset, data, this.#capped(), (bytes) => this.#take(bytes), sent)
  }

  async #take(bytes: number): Promise<void> {
    for (const bucket of this.#options.buckets) await bucket.take(bytes, this.#options.signal)
  }

  async #read(offset: number, length: number): Promise<Buffer> {
    const small = length < SMALLEST_PIECE_BYTES
    const buffer = small ? Buffer.allocUnsafe(length) : (this.#spare.pop() ?? Buffer.allocUnsafeSlow(MAX_DATA_BYTES))
    try {
      await this.#options.device.read(offset, buffer.subarray(0, length))
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error)
      throw new StreamError('DISK_READ_FAILED', `The source disk could not be read at byte ${offset}: ${why}. Check the source's storage; replication tries again by itself.`)
    }
    return buffer
  }

  /** Large buffers go round; small ones, of which very many can wait in the socket, are left to the collector. */
  #reuse(buffer: Buffer): void {
    if (buffer.length === MAX_DATA_BYTES) this.#spare.push(buffer)
  }

  /** A cap is set: then compression pays, on an uncapped link it would only cost time. */
  #capped(): boolean {
    return this.#options.buckets.some((bucket) => bucket.rateBytesPerSecond !== null)
  }

  #pieceBytes(): number {
    const rates = this.#options.buckets.map((bucket) => bucket.rateBytesPerSecond ?? Number.POSITIVE_INFINITY)
    const wanted = Math.min(...rates) / PIECES_PER_SECOND
    const whole = Math.floor(wanted / SMALLEST_PIECE_BYTES) * SMALLEST_PIECE_BYTES
    return Math.min(MAX_DATA_BYTES, Math.max(SMALLEST_PIECE_BYTES, whole))
  }
}

/** What these runs of blocks add up to; the disk's last block may count for more than it is. */
function bytesIn(runs: readonly { readonly first: number; readonly end: number }[]): number {
  return runs.reduce((sum, run) => sum + (run.end - run.first) * BLOCK_BYTES, 0)
}
