import type { BlockDevice } from '@driftless/nbd'
import { hashOf, isZero, nonZeroRuns } from '../block/content.ts'
import type { BlockRun } from '../block/dirty-map.ts'
import { BLOCK_BYTES, bytesOf } from '../block/map.ts'
import type { TokenBucket } from '../block/token-bucket.ts'
import { giveBuffer, takeBuffer } from '../stream/buffer-pool.ts'
import type { DiskLink } from '../stream/disk-link.ts'
import { encodeWrite, encodeZero, putWriteHead } from '../stream/frames.ts'
import type { Outgoing } from '../stream/outbox.ts'
import { HASH_PIECE_BYTES, MAX_DATA_BYTES, StreamError, WRITE_HEAD_BYTES } from '../stream/protocol.ts'
import { RangeQuestions } from './range-questions.ts'
import type { KnownRange } from './range-questions.ts'
import type { SyncState } from './sync-state.ts'

/** Under a cap pieces shrink to about a twentieth of a second's worth, so that dirty blocks soon get their turn. */
const PIECES_PER_SECOND = 20

/** Most of the disk that is passed over at once where it is known to be a hole: if it all was written to meanwhile, it is held in memory. */
const MAX_HOLE_BYTES = 64 * 1024 * 1024

export interface BlockCopierOptions {
  device: BlockDevice
  link: DiskLink
  sync: SyncState
  buckets: TokenBucket[]
  signal: AbortSignal
}

/**
 * Reads blocks and sends them over one link: takes what is to be sent, puts it into the link's queue at that moment,
 * and only then reads it. So what was taken later is read and sent later, and as every block that changes after it was
 * taken is taken again, the target never ends with the older of two contents. Several pieces are read, hashed and
 * compressed at a time.
 */
export class BlockCopier {
  /** Data sent since the owner last reset it. */
  unflushedBytes = 0
  readonly #options: BlockCopierOptions
  readonly #questions: RangeQuestions
  #backgroundBytes = 0
  /** Up to here the disk is likely a hole: asked for before it was taken, so it only says how much to take. */
  #holeTo = 0
  /** Up to here it was asked for holes. */
  #askedTo = 0
  /** What was taken and is being read. */
  readonly #preparing = new Set<Promise<Outgoing>>()

  constructor(options: BlockCopierOptions) {
    this.#options = options
    this.#questions = new RangeQuestions(options.device, options.link, options.sync.sweepPosition)
  }

  get backgroundBytes(): number {
    return this.#backgroundBytes
  }

  /** Sends the next run of dirty blocks; false when the pass is done. */
  async copyForeground(): Promise<boolean> {
    const { sync, link } = this.#options
    await link.room(this.#pieceBytes())
    const run = sync.takeForeground(this.#pieceBytes() / BLOCK_BYTES)
    if (run === null) return false
    const { offset, length } = bytesOf(run.first, run.end, sync.sizeBytes)
    this.#send(length, async () => {
      const buffer = await this.#read(offset, length)
      const data = dataIn(buffer, length)
      if (!isZero(data)) return this.#writes(offset, buffer, length, [wholeOf(length)])
      giveBuffer(buffer)
      this.unflushedBytes += BLOCK_BYTES
      return { frames: [encodeZero(offset, length)] }
    })
    return true
  }

  /** Resolves when everything that was taken has been read: the disk may change again without being seen in it. */
  async read(): Promise<void> {
    await Promise.allSettled(this.#preparing)
  }

  /** Sends, or finds equal, the next piece of the sweep; false when it has handed out everything. */
  async copyBackground(): Promise<boolean> {
    const { device, sync, link, signal } = this.#options
    await link.room(this.#pieceBytes())
    const position = sync.sweepPosition
    const mode = sync.sweepMode
    if (position >= sync.sizeBytes) return false
    const known = await this.#questions.at(position, mode, this.#limit())
    if (known === null && device.extents !== undefined && position >= this.#askedTo) await this.#lookForHole(position)
    signal.throwIfAborted()
    if (sync.sweepPosition !== position || sync.sweepMode !== mode) return true // it began anew meanwhile
    const range = sync.takeBackground(known?.length ?? Math.max(this.#pieceBytes(), this.#holeTo - position))
    if (range === null) return false
    if (known !== null) this.#send(range.length, () => this.#differing(range, known))
    else if (range.length <= MAX_DATA_BYTES) this.#send(range.length, () => this.#nonZero(range.offset, range.length))
    else await this.#passHole(range)
    return true
  }

  /** Asks what comes at `position`: a hole, which is passed over at once, or data, of which no more is asked until its end. */
  async #lookForHole(position: number): Promise<void> {
    const asked = Math.min(MAX_HOLE_BYTES, this.#options.sync.sizeBytes - position)
    const [first] = await this.#extents(position, asked)
    const end = position + (first?.length ?? asked)
    // Whole blocks: what is left of one is sent with the next piece.
    this.#askedTo = end === this.#options.sync.sizeBytes ? end : Math.max(position + BLOCK_BYTES, Math.floor(end / BLOCK_BYTES) * BLOCK_BYTES)
    if (first?.zero === true && this.#askedTo <= end) this.#holeTo = this.#askedTo
  }

  /** What was likely a hole may have been written to before it was taken: asked again, what is none any more is sent. */
  async #passHole(range: { offset: number; length: number }): Promise<void> {
    const { link } = this.#options
    const { promise, resolve, reject } = Promise.withResolvers<Outgoing>()
    link.send(promise, 0, (bytes) => this.#take(bytes))
    // Sent in the hole's place, so that a flush behind it covers it; hardly ever anything at all.
    this.#holeFrames(range).then(resolve, reject)
    await promise
  }

  async #holeFrames(range: { offset: number; length: number }): Promise<Outgoing> {
    const frames: Buffer[] = []
    let at = range.offset
    for (const { length, zero } of await this.#extents(range.offset, range.length)) {
      for (let done = 0; !zero && done < length; done += MAX_DATA_BYTES) {
        const part = await this.#nonZero(at + done, Math.min(MAX_DATA_BYTES, length - done))
        for (const frame of part.frames) frames.push(frame)
      }
      at += length
    }
    return { frames }
  }

  async #nonZero(offset: number, length: number): Promise<Outgoing> {
    const buffer = await this.#read(offset, length)
    const runs = nonZeroRuns(dataIn(buffer, length))
    this.#note(runs, runs)
    return this.#writes(offset, buffer, length, runs)
  }

  /** Of a range of which the target's content is known by hashes, what is different now. */
  async #differing(range: { offset: number; length: number }, known: KnownRange): Promise<Outgoing> {
    const { offset, length } = range
    const buffer = await this.#read(offset, length)
    const data = dataIn(buffer, length)
    const present = nonZeroRuns(data)
    const zeroes: Buffer[] = []
    const runs: BlockRun[] = []
    for (let at = 0, piece = 0; at < length; at += HASH_PIECE_BYTES, piece += 1) {
      const content = data.subarray(at, Math.min(at + HASH_PIECE_BYTES, length))
      if (known.equals(piece, content)) continue
      if (isZero(content)) {
        zeroes.push(encodeZero(offset + at, content.length))
        continue
      }
      const last = runs.at(-1)
      const first = at / BLOCK_BYTES
      const end = Math.ceil((at + content.length) / BLOCK_BYTES)
      if (last?.end === first) last.end = end
      else runs.push({ first, end })
    }
    this.#note(present, runs, zeroes.length * HASH_PIECE_BYTES)
    const writes = await this.#writes(offset, buffer, length, runs)
    return { ...writes, frames: [...zeroes, ...writes.frames] }
  }

  /** Puts a place for `length` bytes into the stream now, and fills it. */
  #send(length: number, prepare: () => Promise<Outgoing>): void {
    const ready = prepare()
    this.#preparing.add(ready)
    void ready.finally(() => this.#preparing.delete(ready)).catch(() => {}) // the link fails with it
    this.#options.link.send(ready, length, (bytes) => this.#take(bytes))
  }

  #note(present: readonly BlockRun[], sent: readonly BlockRun[], zeroedBytes = 0): void {
    if (this.#options.signal.aborted) return
    this.#options.sync.noteData(bytesIn(present))
    this.#backgroundBytes += bytesIn(sent) + zeroedBytes
  }

  /** WRITE frames of the runs; the buffer, which `#read` gave, is given back when they are sent. */
  async #writes(offset: number, buffer: Buffer, length: number, runs: readonly BlockRun[]): Promise<Outgoing> {
    const { link } = this.#options
    const compressing = link.compression.pays(this.#limit())
    const frames: Buffer[] = []
    let inBuffer = false
    for (const run of runs) {
      const from = run.first * BLOCK_BYTES
      const data = dataIn(buffer, length).subarray(from, run.end * BLOCK_BYTES)
      this.unflushedBytes += data.length
      const small = compressing ? await link.compression.shrink(data) : null
      if (small !== null) {
        frames.push(encodeWrite(offset + from, data, small))
        continue
      }
      const hash = hashOf(data)
      // The head goes where blocks lie that are not sent, or have their frame already.
      putWriteHead(buffer, WRITE_HEAD_BYTES + from, { offset: offset + from, plainBytes: data.length, hash, wireBytes: data.length, compressed: false })
      frames.push(buffer.subarray(from, WRITE_HEAD_BYTES + from + data.length))
      inBuffer = true
    }
    if (inBuffer) return { frames, sent: () => giveBuffer(buffer) }
    giveBuffer(buffer)
    return { frames }
  }

  async #take(bytes: number): Promise<void> {
    for (const bucket of this.#options.buckets) await bucket.take(bytes, this.#options.signal)
  }

  /** A buffer with the data behind room for a WRITE's head. */
  async #read(offset: number, length: number): Promise<Buffer> {
    const { device } = this.#options
    const buffer = takeBuffer(WRITE_HEAD_BYTES + length)
    const data = dataIn(buffer, length)
    try {
      if (device.readNow?.(offset, data) !== true) await device.read(offset, data)
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error)
      throw new StreamError('DISK_READ_FAILED', `The source disk could not be read at byte ${offset}: ${why}. Check the source's storage; replication tries again by itself.`)
    }
    return buffer
  }

  /** What is known of holes; an error means that nothing is. */
  async #extents(offset: number, length: number): Promise<readonly { length: number; zero: boolean }[]> {
    const unknown = [{ length, zero: false }]
    return this.#options.device.extents?.(offset, length).catch(() => unknown) ?? unknown
  }

  /** What holds the stream back, in bytes a second: a cap or the link itself; null: nothing. */
  #limit(): number | null {
    const rates = [this.#options.link.limitBytesPerSecond, ...this.#options.buckets.map((bucket) => bucket.rateBytesPerSecond)]
    const known = rates.filter((rate) => rate !== null)
    return known.length === 0 ? null : Math.min(...known)
  }

  #pieceBytes(): number {
    const caps = this.#options.buckets.map((bucket) => bucket.rateBytesPerSecond ?? Number.POSITIVE_INFINITY)
    const wanted = Math.min(this.#options.link.pieceBytes, ...caps.map((rate) => rate / PIECES_PER_SECOND))
    const whole = Math.floor(wanted / HASH_PIECE_BYTES) * HASH_PIECE_BYTES
    return Math.min(MAX_DATA_BYTES, Math.max(HASH_PIECE_BYTES, whole))
  }
}

const dataIn = (buffer: Buffer, length: number): Buffer => buffer.subarray(WRITE_HEAD_BYTES, WRITE_HEAD_BYTES + length)

const wholeOf = (length: number): BlockRun => ({ first: 0, end: Math.ceil(length / BLOCK_BYTES) })

/** What these runs of blocks add up to; the disk's last block may count for more than it is. */
function bytesIn(runs: readonly BlockRun[]): number {
  return runs.reduce((sum, run) => sum + (run.end - run.first) * BLOCK_BYTES, 0)
}
