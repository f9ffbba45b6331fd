/**
 * The file of a write-intent log: sectors of 512 bytes, each with its own checksum, so that whatever a power cut tears is
 * found out.
 *
 *   header   "DLINTENT" u32 version, u32 region bytes, u64 disk bytes, u16 length and text of the epoch … checksum
 *   sector   u32 batch, u32 sectors in it, u32 generation, u16 kind, u16 count, count × u32 region … checksum
 *   zeroes   what is allocated ahead, so that an append changes no metadata that a sync would have to wait for
 *
 * Batches are appended one after the other, each only when the one before is durable. So sectors may lack of the last batch,
 * which then was answered to nobody; where any other lacks one the file is damaged.
 */
import { open, readFile, rename } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { dirname } from 'node:path'
import { syncFolder } from '../state-file.ts'
import { hashOf } from './content.ts'
import { DirtyMap } from './dirty-map.ts'

const VERSION = 1
const MAGIC = 'DLINTENT'

/** The smallest that every disk writes whole. */
export const SECTOR_BYTES = 512
const CHECKSUM_BYTES = 16
const FIELDS_BYTES = 16
const MOST_REGIONS = (SECTOR_BYTES - CHECKSUM_BYTES - FIELDS_BYTES) / 4

const MOST_EPOCH_BYTES = 320

/** Written at a time: half a mebibyte. */
const PART_SECTORS = 1024

/** Allocated ahead at a time. */
const AHEAD_BYTES = 256 * 1024

/** REGIONS: written in this generation. RELEASED: generations up to this one are forgotten. */
const KIND = { REGIONS: 1, RELEASED: 2 } as const

/** What a log's file says: for each generation that counts, which regions may have been written. */
export interface IntentContent {
  readonly epoch: string
  readonly regionBytes: number
  readonly sizeBytes: number
  /** Generation → regions. */
  readonly generations: Map<number, DirtyMap>
}

/** How many regions a disk has. */
export const regionCount = (sizeBytes: number, regionBytes: number): number => Math.ceil(sizeBytes / regionBytes)

function seal(sector: Buffer): Buffer {
  hashOf(sector.subarray(0, SECTOR_BYTES - CHECKSUM_BYTES)).copy(sector, SECTOR_BYTES - CHECKSUM_BYTES, 0, CHECKSUM_BYTES)
  return sector
}

function isWhole(sector: Buffer): boolean {
  const checksum = hashOf(sector.subarray(0, SECTOR_BYTES - CHECKSUM_BYTES)).subarray(0, CHECKSUM_BYTES)
  return checksum.equals(sector.subarray(SECTOR_BYTES - CHECKSUM_BYTES))
}

function encodeHeader({ epoch, regionBytes, sizeBytes }: IntentContent): Buffer {
  const name = Buffer.from(epoch)
  if (name.length > MOST_EPOCH_BYTES) throw new RangeError('An epoch is too long for the write-intent log.')
  const sector = Buffer.alloc(SECTOR_BYTES)
  sector.write(MAGIC, 0, 'latin1')
  sector.writeUInt32LE(VERSION, 8)
  sector.writeUInt32LE(regionBytes, 12)
  sector.writeBigUInt64LE(BigInt(sizeBytes), 16)
  sector.writeUInt16LE(name.length, 24)
  name.copy(sector, 26)
  return seal(sector)
}

function decodeHeader(sector: Buffer): IntentContent | null {
  if (sector.length < SECTOR_BYTES || !isWhole(sector) || sector.toString('latin1', 0, 8) !== MAGIC || sector.readUInt32LE(8) !== VERSION) return null
  const epoch = sector.toString('utf8', 26, 26 + Math.min(sector.readUInt16LE(24), MOST_EPOCH_BYTES))
  return { epoch, regionBytes: sector.readUInt32LE(12), sizeBytes: Number(sector.readBigUInt64LE(16)), generations: new Map() }
}

/** Numbers in a set, one by one. */
function* numbersIn(map: DirtyMap): Generator<number> {
  for (let run = map.nextRun(0, map.blockCount); run !== null; run = map.nextRun(run.end, map.blockCount)) {
    for (let number = run.first; number < run.end; number += 1) yield number
  }
}

/** One batch, in parts that are not too large to be written at once. */
function* encodeBatch(batch: number, kind: number, generation: number, regions: DirtyMap | null): Generator<Buffer> {
  const count = Math.max(1, Math.ceil((regions?.count ?? 0) / MOST_REGIONS))
  const numbers = regions === null ? [].values() : numbersIn(regions)
  for (let first = 0; first < count; first += PART_SECTORS) {
    const part = Buffer.alloc(Math.min(PART_SECTORS, count - first) * SECTOR_BYTES)
    for (let at = 0; at < part.length; at += SECTOR_BYTES) {
      const sector = part.subarray(at, at + SECTOR_BYTES)
      sector.writeUInt32LE(batch, 0)
      sector.writeUInt32LE(count, 4)
      sector.writeUInt32LE(generation, 8)
      sector.writeUInt16LE(kind, 12)
      let filled = 0
      for (; filled < MOST_REGIONS; filled += 1) {
        const next = numbers.next()
        if (next.done === true) break
        sector.writeUInt32LE(next.value, FIELDS_BYTES + filled * 4)
      }
      sector.writeUInt16LE(filled, 14)
      seal(sector)
    }
    yield part
  }
}

/** What a log's bytes say; null when they are none of ours, or damaged. */
export function decodeIntents(bytes: Buffer): IntentContent | null {
  const content = decodeHeader(bytes.subarray(0, SECTOR_BYTES))
  if (content === null) return null
  let batch = 0
  let lacking = 0
  for (let at = SECTOR_BYTES; at + SECTOR_BYTES <= bytes.length; at += SECTOR_BYTES) {
    const sector = bytes.subarray(at, at + SECTOR_BYTES)
    if (!isWhole(sector)) continue
    if (sector.readUInt32LE(0) !== batch) {
      if (lacking > 0 || sector.readUInt32LE(0) !== batch + 1) return null
      batch += 1
      lacking = sector.readUInt32LE(4)
    }
    lacking -= 1
    takeSector(sector, content)
  }
  return content
}

function takeSector(sector: Buffer, { generations, sizeBytes, regionBytes }: IntentContent): void {
  const generation = sector.readUInt32LE(8)
  if (sector.readUInt16LE(12) === KIND.RELEASED) {
    for (const known of generations.keys()) if (known <= generation) generations.delete(known)
    return
  }
  const regions = generations.get(generation) ?? new DirtyMap(regionCount(sizeBytes, regionBytes))
  generations.set(generation, regions)
  const count = Math.min(sector.readUInt16LE(14), MOST_REGIONS)
  for (let at = 0; at < count; at += 1) {
    const region = sector.readUInt32LE(FIELDS_BYTES + at * 4)
    regions.mark(region, region + 1)
  }
}

/** Reads a log's file; null when there is none, or it is damaged, or of another format. */
export async function readIntents(path: string): Promise<IntentContent | null> {
  try {
    return decodeIntents(await readFile(path))
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
    throw error
  }
}

/** A log's file, open to append to. One call at a time; each resolves when it is durable, unless it says otherwise. */
export class IntentFile {
  readonly #file: FileHandle
  #endBytes = 0
  #allocatedBytes = 0
  #batches = 0

  private constructor(file: FileHandle) {
    this.#file = file
  }

  /** Puts a new file in the place of the old one, if any: after a crash there is the one or the other, whole. */
  static async create(path: string, content: IntentContent): Promise<IntentFile> {
    const temporary = `${path}.new`
    const file = await open(temporary, 'w', 0o600)
    try {
      const made = new IntentFile(file)
      await made.#write(encodeHeader(content))
      for (const [generation, regions] of content.generations) await made.#batch(KIND.REGIONS, generation, regions)
      await file.sync()
      await rename(temporary, path)
      await syncFolder(dirname(path))
      return made
    } catch (error) {
      await file.close()
      throw error
    }
  }

  get sizeBytes(): number {
    return this.#endBytes
  }

  /** These regions are about to be written. */
  async append(generation: number, regions: DirtyMap): Promise<void> {
    await this.#batch(KIND.REGIONS, generation, regions)
    await this.#file.datasync()
  }

  /** Forgets generations up to this one. Durable some time later: what is not forgotten is only sent again. */
  release(generation: number): Promise<void> {
    return this.#batch(KIND.RELEASED, generation, null)
  }

  close(): Promise<void> {
    return this.#file.close()
  }

  async #batch(kind: number, generation: number, regions: DirtyMap | null): Promise<void> {
    this.#batches += 1
    for (const part of encodeBatch(this.#batches, kind, generation, regions)) await this.#write(part)
  }

  async #write(bytes: Buffer): Promise<void> {
    await this.#allocate(bytes.length)
    await this.#file.write(bytes, 0, bytes.length, this.#endBytes)
    this.#endBytes += bytes.length
  }

  async #allocate(moreBytes: number): Promise<void> {
    if (this.#endBytes + moreBytes < this.#allocatedBytes) return
    const zeroes = Buffer.alloc(Math.ceil((moreBytes + 1) / AHEAD_BYTES) * AHEAD_BYTES)
    await this.#file.write(zeroes, 0, zeroes.length, this.#endBytes)
    this.#allocatedBytes = this.#endBytes + zeroes.length
  }
}
