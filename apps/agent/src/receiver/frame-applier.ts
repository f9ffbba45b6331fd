import { promisify } from 'node:util'
import { zstdDecompress } from 'node:zlib'
import type { BlockDevice } from '@driftless/nbd'
import { hashOf } from '../block/content.ts'
import type { Received } from '../stream/frame-decoder.ts'
import { encodeFlushed, encodeHashes, encodeMarked, encodePointed, encodeTaken } from '../stream/frames.ts'
import type { Message } from '../stream/frames.ts'
import { HASH_BYTES, HASH_PIECE_BYTES, StreamError } from '../stream/protocol.ts'
import type { HelloOkSaid } from '../stream/protocol.ts'
import type { TenantContent } from './content-index.ts'

/** Writes under way at a time; they may end in any order, so none overlaps another. */
const MAX_WRITING = 4

const decompress = promisify(zstdDecompress)

/** A disk that a source may write, as the receiver lends it to one session at a time. */
export interface ReceivingDisk {
  readonly ok: HelloOkSaid
  readonly device: BlockDevice
  /** What other replicas of the same tenant hold; null or absent: offers are not looked up. */
  readonly content?: TenantContent | null
  /** Called before every change of content: it is recorded that the replica is no longer fresh, and what a test still needs is kept. */
  changing(offset: number, length: number): Promise<void>
  /** The stream has come to this moment of the source's VM; everything before it is applied. */
  point(moment: number): Promise<void>
  /** Everything that the sweep has sent up to here is durable: records it for this epoch. */
  swept?(sweptBytes: number): Promise<void>
  /** BLAKE3 of each 64 KiB piece, as read back from the store; absent: they are read and hashed for each question. */
  pieceHashes?(offset: number, length: number): Promise<Buffer>
  /** Called when the session is over; the disk is not touched afterwards. */
  release(): void
}

interface Writing {
  readonly offset: number
  readonly end: number
  readonly done: Promise<void>
}

/** Does what a source's messages say to one disk, in their order as far as it can be told from outside. */
export class FrameApplier {
  readonly #disk: ReceivingDisk
  readonly #answer: (frame: Buffer) => void
  readonly #writing = new Set<Writing>()
  #failure: Error | null = null

  constructor(disk: ReceivingDisk, answer: (frame: Buffer) => void) {
    this.#disk = disk
    this.#answer = answer
  }

  /** Rejects with `StreamError` or the disk's error; of a write that was begun, with a later message. */
  async apply({ message, release }: Received): Promise<void> {
    if (this.#failure !== null) throw this.#failure
    if (message.type === 'WRITE') return this.#write(message, release)
    await this.#perform(message)
    release()
  }

  /** Resolves when nothing is under way on the disk; never rejects. */
  async settled(): Promise<void> {
    await Promise.all([...this.#writing].map((writing) => writing.done))
  }

  async #write(message: Message & { type: 'WRITE' }, release: () => void): Promise<void> {
    const { offset, dataBytes, hash, compressed } = message
    this.#checkRange(offset, dataBytes)
    const data = compressed ? await decompress(message.data, { maxOutputLength: dataBytes }).catch(() => Promise.reject(damaged())) : message.data
    if (data.length !== dataBytes || !hashOf(data).equals(hash)) throw damaged()
    await this.#disk.changing(offset, dataBytes)
    await this.#roomToWrite(offset, offset + dataBytes)
    if (this.#disk.device.writeNow?.(offset, data) === true) return release()
    const done = this.#disk.device.write(offset, data).then(release, (error: unknown) => {
      this.#failure ??= error instanceof Error ? error : new Error(String(error))
    })
    const writing: Writing = { offset, end: offset + dataBytes, done }
    this.#writing.add(writing)
    void done.then(() => this.#writing.delete(writing))
  }

  async #roomToWrite(offset: number, end: number): Promise<void> {
    while (this.#writing.size >= MAX_WRITING) await Promise.race([...this.#writing].map((writing) => writing.done))
    for (const other of this.#writing) if (other.offset < end && offset < other.end) await other.done
  }

  async #perform(message: Message): Promise<void> {
    const { device } = this.#disk
    if (message.type === 'MARK') {
      // Only counts what has come through: the stream need not stop for it.
      if (this.#writing.size === 0) this.#answer(encodeMarked(message.id))
      else void this.settled().then(() => this.#answer(encodeMarked(message.id)))
      return
    }
    await this.settled()
    if (this.#failure !== null) throw this.#failure
    switch (message.type) {
      case 'ZERO':
        this.#checkRange(message.offset, message.length)
        await this.#disk.changing(message.offset, message.length)
        return device.writeZeroes(message.offset, message.length)
      case 'FLUSH':
        await device.flush()
        await this.#disk.swept?.(message.sweptBytes)
        return this.#answer(encodeFlushed(message.id))
      case 'POINT':
        await this.#disk.point(message.moment)
        return this.#answer(encodePointed(message.id))
      case 'HASHES_REQUEST':
        return this.#answer(encodeHashes(message.id, await this.#hashes(message.offset, message.length)))
      case 'OFFER':
        return this.#answer(encodeTaken(message.id, await this.#takeOffer(message.offset, message.length, message.hashes)))
      default:
        throw new StreamError('BROKEN_STREAM', `The peer sent ${message.type} where it cannot be.`)
    }
  }

  async #hashes(offset: number, length: number): Promise<Buffer> {
    this.#checkRange(offset, length)
    const { device, content } = this.#disk
    const hashes = (await this.#disk.pieceHashes?.(offset, length)) ?? (await hashPieces(device, offset, length))
    for (let at = 0, piece = 0; at < length; at += HASH_PIECE_BYTES, piece += 1) content?.note(hashAt(hashes, piece), offset + at)
    return hashes
  }

  /** Puts what the tenant's replicas hold into its place; a bit a piece: it is there. */
  async #takeOffer(offset: number, length: number, offered: Buffer): Promise<Buffer> {
    const { device, content } = this.#disk
    const present = await this.#hashes(offset, length)
    const bits = Buffer.alloc(Math.ceil(present.length / HASH_BYTES / 8))
    const data = Buffer.allocUnsafe(HASH_PIECE_BYTES)
    for (let at = 0, piece = 0; at < length; at += HASH_PIECE_BYTES, piece += 1) {
      const hash = hashAt(offered, piece)
      const into = data.subarray(0, Math.min(HASH_PIECE_BYTES, length - at))
      let there = hashAt(present, piece).equals(hash)
      if (!there && (await content?.find(hash, into)) === true) {
        await this.#disk.changing(offset + at, into.length)
        await device.write(offset + at, into)
        there = true
      }
      if (there) bits[piece >>> 3] = (bits[piece >>> 3] ?? 0) | (1 << (piece & 7))
      // What is not taken will be sent: another disk that offers the same soon finds it here.
      content?.note(hash, offset + at)
    }
    return bits
  }

  #checkRange(offset: number, length: number): void {
    const { sizeBytes } = this.#disk.device
    if (length <= 0 || offset + length > sizeBytes) throw new StreamError('BROKEN_STREAM', `The peer named bytes ${offset}+${length} of a disk of ${sizeBytes}.`)
  }
}

const hashAt = (hashes: Buffer, piece: number): Buffer => hashes.subarray(piece * HASH_BYTES, (piece + 1) * HASH_BYTES)

const damaged = (): StreamError =>
  new StreamError('DAMAGED_DATA', 'A block arrived with a wrong hash. It will be sent again; if this repeats, check the memory of both agents’ machines.')

/** BLAKE3 of each 64 KiB piece of the range, one after the other. The caller bounds the length. */
export async function hashPieces(device: BlockDevice, offset: number, length: number): Promise<Buffer> {
  const data = Buffer.allocUnsafe(length)
  if (device.readNow?.(offset, data) !== true) await device.read(offset, data)
  const hashes: Buffer[] = []
  for (let at = 0; at < length; at += HASH_PIECE_BYTES) hashes.push(hashOf(data.subarray(at, Math.min(at + HASH_PIECE_BYTES, length))))
  return Buffer.concat(hashes)
}
