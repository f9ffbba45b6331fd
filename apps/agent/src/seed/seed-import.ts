import type { BlockDevice } from '@driftless/nbd'
import { BLOCK_BYTES } from '../block/map.ts'
import { mergedRanges } from '../receiver/missing-ranges.ts'
import type { Range } from '../receiver/missing-ranges.ts'
import type { Replica } from '../receiver/replica.ts'
import { mostStoredBytes, openChunk } from './chunk.ts'
import type { ChunkContent } from './chunk.ts'
import { SeedError } from './error.ts'
import { readBounded } from './files.ts'
import type { JudgedSeed } from './find-seed.ts'
import { readLabel } from './label.ts'
import { chunkPath } from './layout.ts'
import type { Manifest, ManifestChunk } from './manifest.ts'

/** So many chunks are made durable together: after a kill as many are read again at most. */
const CHUNKS_A_FLUSH = 16

interface Counts {
  doneBytes: number
  damagedChunks: number
  damagedBytes: number
}

/** A chunk with the disk that it is of. */
interface Located {
  readonly disk: Manifest['disks'][number]
  readonly at: number
  readonly chunk: ManifestChunk
}

/**
 * Takes a seed that was judged into a replica whose record knows of it. Each chunk is known by its hash; one that is damaged or
 * lost is counted, and its area asked of the source later. What is said to be done is durable.
 */
export class SeedImport {
  readonly #replica: Replica
  readonly #seed: JudgedSeed
  /** What is missing of each disk. */
  readonly #missing: Map<string, Range[]>
  readonly #counts: Counts
  readonly #positions: number[]
  readonly #unflushed = new Set<BlockDevice>()

  constructor(replica: Replica, seed: JudgedSeed) {
    const { seed: known, disks } = replica.record
    this.#replica = replica
    this.#seed = seed
    this.#missing = new Map(disks.map(({ key, missing }) => [key, [...missing]]))
    this.#counts = { doneBytes: known?.doneBytes ?? 0, damagedChunks: known?.damagedChunks ?? 0, damagedBytes: known?.damagedBytes ?? 0 }
    this.#positions = seed.manifest.devices.map((_, device) => known?.positions[device] ?? 0)
  }

  /**
   * Goes on where it was. With `giveUp`, what lies on devices that are not there is missing; without, it rejects with SEED_NOT_THERE
   * once all the others are done. Rejects with the disks' error too, or the signal's reason.
   */
  async run(giveUp: () => boolean, signal: AbortSignal): Promise<void> {
    const { manifest } = this.#seed
    if (this.#replica.record.seed?.overwrites === true) await this.#clearAreas(signal)
    for (const device of manifest.devices.keys()) {
      const folder = this.#seed.folders.get(device)
      if (folder !== undefined) await this.#importDevice(device, folder, signal)
    }
    const absent = [...manifest.devices.keys()].filter((device) => !this.#seed.folders.has(device) && this.#chunksOn(device).length > (this.#positions[device] ?? 0))
    if (absent.length > 0 && !giveUp()) throw deviceMissing(absent, manifest)
    for (const device of absent) {
      for (const located of this.#chunksOn(device).slice(this.#positions[device])) this.#lose(located)
      this.#positions[device] = this.#chunksOn(device).length
    }
    await this.#note()
    await this.#replica.endSeed(manifest.seedId, Date.now())
  }

  #chunksOn(device: number): Located[] {
    return this.#seed.manifest.disks.flatMap((disk, at) => disk.chunks.filter((chunk) => chunk[1] === device).map((chunk) => ({ disk, at, chunk })))
  }

  async #importDevice(device: number, folder: string, signal: AbortSignal): Promise<void> {
    const chunks = this.#chunksOn(device)
    for (let position = this.#positions[device] ?? 0; position < chunks.length; position += 1) {
      signal.throwIfAborted()
      const located = chunks[position]
      if (located === undefined) return
      const content = await this.#read(folder, located)
      if (content === null) {
        await this.#demandDevice(folder, device)
        this.#lose(located)
      } else await this.#write(located, content)
      this.#positions[device] = position + 1
      if ((position + 1) % CHUNKS_A_FLUSH === 0) await this.#note()
    }
    await this.#note()
  }

  async #read(folder: string, { disk, at, chunk: [index, , storedBytes, , hash] }: Located): Promise<ChunkContent | null> {
    const { manifest, keys } = this.#seed
    const file = await readBounded(chunkPath(folder, at, index).file, mostStoredBytes(manifest.chunkBytes)).catch(() => null)
    if (file?.length !== storedBytes) return null
    return openChunk(keys, { seed: manifest, diskKey: disk.key, index }, file, { hash, areaBytes: this.#areaOf(disk, index)[1] })
  }

  /** A device that was taken away has no damaged chunks: it is waited for. */
  async #demandDevice(folder: string, device: number): Promise<void> {
    const label = await readLabel(folder).catch(() => null)
    if (label?.deviceId !== this.#seed.manifest.devices[device]) throw deviceMissing([device], this.#seed.manifest)
  }

  async #write({ disk, chunk: [index, , , dataBytes] }: Located, { runs, data }: ChunkContent): Promise<void> {
    const device = await this.#replica.seedDevice(disk.key)
    const [offset, length] = this.#areaOf(disk, index)
    this.#unflushed.add(device)
    let before = offset
    for (const [at, { first }] of runs.entries()) {
      const bytes = data[at]
      if (bytes === undefined) continue
      const start = offset + first * BLOCK_BYTES
      await this.#clear(device, before, start)
      await device.write(start, bytes)
      before = start + bytes.length
    }
    await this.#clear(device, before, offset + length)
    this.#counts.doneBytes += dataBytes
  }

  /** What a seed does not hold is zero; it is already where the replica was made for it. */
  async #clear(device: BlockDevice, from: number, to: number): Promise<void> {
    if (this.#replica.record.seed?.overwrites === true && to > from) await device.writeZeroes(from, to - from)
  }

  /** Areas that have no chunk hold nothing. */
  async #clearAreas(signal: AbortSignal): Promise<void> {
    for (const disk of this.#seed.manifest.disks) {
      const device = await this.#replica.seedDevice(disk.key)
      const present = new Set(disk.chunks.map(([index]) => index))
      for (let index = 0; index * this.#seed.manifest.chunkBytes < disk.sizeBytes; index += 1) {
        signal.throwIfAborted()
        const [offset, length] = this.#areaOf(disk, index)
        if (!present.has(index)) await device.writeZeroes(offset, length)
      }
      this.#unflushed.add(device)
    }
  }

  #lose({ disk, chunk: [index, , , dataBytes] }: Located): void {
    this.#counts.damagedChunks += 1
    this.#counts.damagedBytes += dataBytes
    this.#missing.set(disk.key, mergedRanges([...(this.#missing.get(disk.key) ?? []), this.#areaOf(disk, index)]))
  }

  /** First durable, then said. */
  async #note(): Promise<void> {
    for (const device of this.#unflushed) await device.flush()
    this.#unflushed.clear()
    await this.#replica.noteSeed({ positions: [...this.#positions], ...this.#counts }, this.#missing)
  }

  #areaOf(disk: Manifest['disks'][number], index: number): Range {
    const offset = index * this.#seed.manifest.chunkBytes
    return [offset, Math.min(this.#seed.manifest.chunkBytes, disk.sizeBytes - offset)]
  }
}

function deviceMissing(devices: readonly number[], manifest: Manifest): SeedError {
  const names = devices.map((device) => `${manifest.devices[device] ?? ''} (${device + 1} of ${manifest.devices.length})`)
  return new SeedError('SEED_NOT_THERE', `Of the seed's devices ${names.join(', ')} is not there. Attach it below the target agent's seed root, and the import goes on; if it is lost for good, give the shipment up: the wire then brings what was on it.`)
}
