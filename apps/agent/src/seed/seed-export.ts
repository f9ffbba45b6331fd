import type { BlockDevice } from '@driftless/nbd'
import { sleep } from '../sleep.ts'
import { dataBytesOf, readArea } from './area.ts'
import { mostStoredBytes, sealChunk } from './chunk.ts'
import { chunkKeys, fingerprintOf } from './data-key.ts'
import type { SeedIdentity } from './data-key.ts'
import type { ExportRecord, Journal, WrittenChunk } from './export-record.ts'
import type { SeedKeyring } from './keys.ts'
import { SeedError } from './error.ts'
import { chunkBytesFor, encodeManifest, fitsManifest, mostManifestBytes } from './manifest.ts'
import type { ManifestChunk } from './manifest.ts'
import type { SeedPlaces } from './places.ts'
import { SeedWriter, noRoom } from './seed-writer.ts'

/** So many chunks are made durable together: after a kill as many are read again at most. */
const CHUNKS_A_SYNC = 8

/** While the guest writes, others get this many times what a chunk took. */
const PAUSE_WHILE_BUSY = 1

/** Whether another VM's cutover is over is looked at this often. */
const HELD_MS = 250

/** Chunks' heads and tables, and data that does not shrink. */
const OVERHEAD = 1.01

/** A disk to be exported, whose writes are remembered already. */
export interface ExportDisk {
  readonly key: string
  readonly sizeBytes: number
  readonly usedBytes: number
  readonly device: BlockDevice
  /** The guest's writes so far. */
  writtenBytes(): number
}

export interface SeedExportOptions {
  readonly record: ExportRecord
  readonly migrationId: string
  readonly sourceAgentId: string
  readonly disks: readonly ExportDisk[]
  readonly places: SeedPlaces
  readonly order: readonly string[]
  readonly keys: SeedKeyring
  /** The disks are wanted by another VM's cutover: wait. */
  readonly held: () => boolean
  readonly now: () => number
  readonly chunkBytes?: number | undefined
}

/** How far an export is. */
export interface ExportProgress {
  /** For each disk, in bytes of it that hold data. */
  readonly disks: { doneBytes: number; totalBytes: number }[]
  /** For each device of the record. */
  readonly storedBytes: number[]
}

/**
 * Writes a seed while its VM runs. Every write since before the first read is remembered elsewhere, so what is read may be of
 * any moment. A chunk counts once its file is durable and the journal names it; the manifest comes last.
 */
export class SeedExport {
  readonly progress: ExportProgress
  readonly #options: SeedExportOptions
  readonly #seed: SeedIdentity
  readonly #sizesBytes: readonly number[]
  readonly #chunkBytes: number
  readonly #written: WrittenChunk[] = []

  constructor(options: SeedExportOptions) {
    const { seedId, shipmentId } = options.record.facts
    this.#options = options
    this.#seed = { seedId, shipmentId, migrationId: options.migrationId }
    this.#sizesBytes = options.disks.map(({ sizeBytes }) => sizeBytes)
    this.#chunkBytes = options.chunkBytes ?? chunkBytesFor(this.#sizesBytes)
    this.progress = { disks: options.disks.map(() => ({ doneBytes: 0, totalBytes: 0 })), storedBytes: [] }
  }

  /** Goes on where it was. Resolves when the seed is whole; rejects with `SeedError`, the disk's error, or the signal's reason. */
  async run(signal: AbortSignal): Promise<void> {
    const { record, places, order } = this.#options
    if (!fitsManifest(this.#sizesBytes, this.#chunkBytes)) throw tooLarge()
    const journal = await record.journal()
    try {
      for (const chunk of journal.earlier) this.#note(chunk)
      const writer = new SeedWriter({ places, order, record, seed: this.#seed, manifestBytes: mostManifestBytes(this.#sizesBytes, this.#chunkBytes), used: journal.earlier.map(({ device }) => device) })
      await this.#demandRoom(writer, signal)
      await this.#chunks(writer, journal, signal)
      await this.#finish(writer)
    } finally {
      await journal.close()
    }
  }

  /** Before anything is written: what lies on a device in part is of use to nobody. */
  async #demandRoom(writer: SeedWriter, signal: AbortSignal): Promise<void> {
    let needed = 0
    for (const [disk, { device, usedBytes }] of this.#options.disks.entries()) {
      const progress = this.progress.disks[disk] ?? { doneBytes: 0, totalBytes: 0 }
      progress.totalBytes = Math.max(await dataBytesOf(device, usedBytes, signal), progress.doneBytes)
      needed += Math.ceil((progress.totalBytes - progress.doneBytes) * OVERHEAD)
    }
    const room = await writer.room(mostStoredBytes(this.#chunkBytes))
    if (needed > room) throw noRoom(needed, room)
  }

  async #chunks(writer: SeedWriter, journal: Journal, signal: AbortSignal): Promise<void> {
    const last = journal.earlier.at(-1)
    let unsynced: WrittenChunk[] = []
    const sync = async () => {
      await writer.sync()
      await journal.add(unsynced)
      unsynced = []
    }
    try {
      for (const [disk, { sizeBytes }] of this.#options.disks.entries()) {
        if (last !== undefined && disk < last.disk) continue
        for (let index = disk === last?.disk ? last.index + 1 : 0; index * this.#chunkBytes < sizeBytes; index += 1) {
          const chunk = await this.#chunk(writer, disk, index, signal)
          if (chunk === null) continue
          unsynced.push(chunk)
          if (unsynced.length >= CHUNKS_A_SYNC) await sync()
        }
      }
      await sync()
    } catch (error) {
      await sync().catch(() => {}) // what is whole need not be read again
      throw error
    }
  }

  async #chunk(writer: SeedWriter, disk: number, index: number, signal: AbortSignal): Promise<WrittenChunk | null> {
    const { disks, held, record } = this.#options
    const source = disks[disk]
    if (source === undefined) return null
    while (held()) await sleep(HELD_MS, signal)
    signal.throwIfAborted()
    const startMs = performance.now()
    const writtenBefore = source.writtenBytes()
    const offset = index * this.#chunkBytes
    const content = await readArea(source.device, offset, Math.min(this.#chunkBytes, source.sizeBytes - offset))
    signal.throwIfAborted()
    if (content === null) return null
    const keys = chunkKeys(Buffer.from(record.facts.dataKey ?? '', 'base64'))
    const { file, hash } = await sealChunk(keys, { seed: this.#seed, diskKey: source.key, index }, content)
    const device = await writer.write(disk, index, file)
    const chunk = { disk, index, device, storedBytes: file.length, dataBytes: content.data.reduce((sum, { length }) => sum + length, 0), hash }
    this.#note(chunk)
    if (source.writtenBytes() !== writtenBefore) await sleep(PAUSE_WHILE_BUSY * (performance.now() - startMs), signal)
    return chunk
  }

  #note(chunk: WrittenChunk): void {
    const { progress } = this
    this.#written.push(chunk)
    const disk = progress.disks[chunk.disk]
    if (disk !== undefined) {
      disk.doneBytes += chunk.dataBytes
      disk.totalBytes = Math.max(disk.totalBytes, disk.doneBytes)
    }
    for (let device = progress.storedBytes.length; device <= chunk.device; device += 1) progress.storedBytes.push(0)
    progress.storedBytes[chunk.device] = (progress.storedBytes[chunk.device] ?? 0) + chunk.storedBytes
  }

  async #finish(writer: SeedWriter): Promise<void> {
    const { record, sourceAgentId, disks, keys, now } = this.#options
    // A seed of nothing at all is one too, and lies on the first device.
    const exportedAtMs = now()
    await writer.prepare()
    const { devices, key, recipientKey, begunAtMs } = record.facts
    const chunks = (disk: number): ManifestChunk[] => this.#written.filter((chunk) => chunk.disk === disk).map(({ index, device, storedBytes, dataBytes, hash }) => [index, device, storedBytes, dataBytes, hash])
    const { file, manifestHash } = await encodeManifest(
      {
        ...this.#seed, sourceAgentId, key, begunAtMs, exportedAtMs, recipient: fingerprintOf(recipientKey), chunkBytes: this.#chunkBytes,
        devices: devices.map(({ deviceId }) => deviceId),
        disks: disks.map(({ key: diskKey, sizeBytes }, disk) => ({ key: diskKey, sizeBytes, chunks: chunks(disk) })),
      },
      keys,
    )
    await writer.finish(file)
    await record.finish({ manifestHash, exportedAtMs, dataBytes: this.progress.disks.map(({ doneBytes }) => doneBytes), storedBytes: devices.map((_, device) => this.progress.storedBytes[device] ?? 0) })
  }
}

const tooLarge = (): SeedError =>
  new SeedError('SEED_TOO_LARGE', 'The VM’s disks are too large for a seed (32 TiB for a disk, 37 for all of a VM’s, 64 disks). Nothing was written. Give the shipment up; the VM then goes over the wire.')
