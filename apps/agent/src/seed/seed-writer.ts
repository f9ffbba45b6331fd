import { randomUUID } from 'node:crypto'
import { open } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { syncFolder } from '../state-file.ts'
import type { SeedIdentity } from './data-key.ts'
import { SeedError, messageOf } from './error.ts'
import type { ExportRecord } from './export-record.ts'
import { WRITE_ANEW, makeFolder, writeWhole } from './files.ts'
import { readLabel, writeLabel } from './label.ts'
import { chunkPath, manifestPath } from './layout.ts'
import { folderNameOfSeed } from './places.ts'
import type { SeedPlaces } from './places.ts'

/** Kept free on every device besides what the manifest takes: folders take room too. */
const RESERVE_BYTES = 2 * 1024 * 1024

const MIB = 1024 * 1024

export interface SeedWriterOptions {
  readonly places: SeedPlaces
  /** Names of places, filled in this order. */
  readonly order: readonly string[]
  readonly seed: SeedIdentity
  readonly record: ExportRecord
  /** What the manifest will take at most; it goes on every device. */
  readonly manifestBytes: number
  /** Devices (by their place in the record) that have chunks from an earlier life. */
  readonly used: Iterable<number>
}

/** Writes a seed's files, to one device after the other. Rejects with `SeedError`; whatever failed can be tried again. */
export class SeedWriter {
  readonly #options: SeedWriterOptions
  /** Of the devices that were looked at, by their place in the record. */
  readonly #folders = new Map<number, string>()
  readonly #used: Set<number>
  /** Written, and not durable yet. */
  #unsynced: FileHandle[] = []
  readonly #changedFolders = new Set<string>()

  constructor(options: SeedWriterOptions) {
    this.#options = options
    this.#used = new Set(options.used)
  }

  /** Room in all places together for chunks of at most `chunkBytes` each, in bytes. Rejects where one is not there. */
  async room(chunkBytes: number): Promise<number> {
    const { order, record } = this.#options
    const { devices } = record.facts
    let filled = 0
    let most = 0
    for (const place of order) {
      const begunAt = devices.findIndex((device) => device.place === place)
      if (begunAt >= 0 && begunAt < devices.length - 1) continue
      const room = await this.#roomOn(place)
      most = Math.max(most, filled + room)
      // What is left of one, before the next has its turn, is less than a chunk.
      filled += Math.max(0, room - chunkBytes)
    }
    return most
  }

  async #roomOn(place: string): Promise<number> {
    const { places, manifestBytes } = this.#options
    return Math.max(0, (await places.room(place)) - manifestBytes - RESERVE_BYTES)
  }

  /** Writes one chunk to the device whose turn it is, and returns which that was. Durable after `sync`. */
  async write(disk: number, index: number, content: Buffer): Promise<number> {
    const device = await this.#deviceFor(content.length)
    const { folders, file: path } = chunkPath(await this.#folderOf(device), disk, index)
    try {
      for (const folder of folders) await makeFolder(folder)
      this.#used.add(device)
      const file = await open(path, WRITE_ANEW, 0o600)
      this.#unsynced.push(file)
      await file.writeFile(content)
      this.#changedFolders.add(folders[1])
    } catch (error) {
      throw this.#failed(device, error)
    }
    return device
  }

  /** Makes durable what was written. */
  async sync(): Promise<void> {
    const files = this.#unsynced
    this.#unsynced = []
    try {
      for (const file of files) await file.datasync()
      for (const folder of this.#changedFolders) await syncFolder(folder)
      this.#changedFolders.clear()
    } catch (error) {
      throw new SeedError('SEED_WRITE_FAILED', `The seed could not be written: ${messageOf(error)}. Check the device; the export goes on by itself.`)
    } finally {
      for (const file of files) await file.close().catch(() => {})
    }
  }

  /** Before the manifest is made: there is a device at least. */
  async prepare(): Promise<void> {
    await this.sync()
    if (this.#options.record.facts.devices.length === 0) await this.#deviceFor(0)
  }

  /** The last file: from here on the seed is one. On every device, so that any of them says what there must be. */
  async finish(manifest: Buffer): Promise<void> {
    for (const device of this.#options.record.facts.devices.keys()) {
      try {
        await writeWhole(manifestPath(await this.#folderOf(device)), manifest)
      } catch (error) {
        throw this.#failed(device, error)
      }
    }
  }

  async #deviceFor(bytes: number): Promise<number> {
    const { record, order } = this.#options
    const { devices } = record.facts
    const present = devices.at(-1)
    if (present !== undefined && (await this.#roomOn(present.place)) >= bytes) return devices.length - 1
    for (const place of order) {
      if (devices.some((device) => device.place === place) || (await this.#roomOn(place)) < bytes) continue
      await record.change({ devices: [...devices, { place, deviceId: randomUUID() }] })
      return devices.length
    }
    throw noRoom(bytes, 0)
  }

  async #folderOf(device: number): Promise<string> {
    const known = this.#folders.get(device)
    if (known !== undefined) return known
    const { places, seed, record } = this.#options
    const { place, deviceId } = record.facts.devices[device] ?? { place: '', deviceId: '' }
    const folder = join(await places.pathOf(place), folderNameOfSeed(seed.seedId))
    const label = await readLabel(folder).catch(() => null)
    if (label === null && !this.#used.has(device)) {
      await makeFolder(folder)
      await writeLabel(folder, { ...seed, deviceId, number: device + 1 })
    } else if (label?.deviceId !== deviceId) {
      throw new SeedError('SEED_DEVICE_GONE', `In "${place}" there is no longer the device that the seed was begun on (${deviceId}). Put it back, and the export goes on; or cancel the shipment and prepare it anew.`)
    }
    this.#folders.set(device, folder)
    return folder
  }

  #failed(device: number, error: unknown): SeedError {
    const place = this.#options.record.facts.devices[device]?.place ?? ''
    if (error instanceof SeedError) return error
    this.#folders.delete(device)
    return new SeedError('SEED_WRITE_FAILED', `The seed could not be written to "${place}": ${messageOf(error)}. Check the device; the export goes on by itself.`)
  }
}

/** `roomBytes`: what there is in all places together. */
export function noRoom(neededBytes: number, roomBytes: number): SeedError {
  const missing = Math.ceil((neededBytes - roomBytes) / MIB)
  return new SeedError('SEED_NO_ROOM', `The seed may need ${Math.ceil(neededBytes / MIB)} MiB more, and its places have room for ${Math.floor(roomBytes / MIB)} MiB: ${missing} MiB are missing. Free room there, or add a place to the shipment; the export then goes on by itself.`)
}
