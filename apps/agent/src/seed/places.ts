import { lstat, readdir, realpath, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import { seedPlaceName } from '@driftless/agent-api'
import type { SeedPlace } from '@driftless/agent-api'
import { SeedError } from './error.ts'
import { readLabel } from './label.ts'
import type { Label } from './label.ts'

/** As many as a report takes. */
const MOST_PLACES = 64
const MOST_SHIPMENTS = 50

/** Seeds on one place that are looked at: a folder of anything must not keep the agent busy. */
const MOST_SEEDS = 1_000

/** Devices are looked at this often; reports come every second. */
const LOOK_EVERY_MS = 5_000

/** Every folder of a seed is named so, with the seed's id behind. */
const PREFIX = 'driftless-seed-'
const FOLDER = /^driftless-seed-[0-9a-f-]{36}$/

/** A part of a seed as it was found on a place. */
export interface FoundSeed {
  readonly place: string
  readonly folder: string
  readonly label: Label
}

/** Room in a folder, in bytes. */
export type RoomOf = (path: string) => Promise<{ freeBytes: number; totalBytes: number }>

/** Where seeds may lie: the folders, and mounted devices, directly below one root. Nothing outside of it is ever opened. */
export class SeedPlaces {
  readonly #root: string
  readonly #now: () => number
  readonly #roomOf: RoomOf
  #looked: { readonly atMs: number; readonly places: Promise<SeedPlace[]> } | null = null

  /** `roomOf`: how the room in a folder is found out; tests say it themselves. */
  constructor(root: string, options: { readonly now?: () => number; readonly roomOf?: RoomOf } = {}) {
    this.#root = root
    this.#now = options.now ?? Date.now
    this.#roomOf = options.roomOf ?? roomOf
  }

  /** What is reported; at most a few seconds old. A root that is not there has no places. */
  list(): Promise<SeedPlace[]> {
    const nowMs = this.#now()
    if (this.#looked === null || nowMs - this.#looked.atMs >= LOOK_EVERY_MS) this.#looked = { atMs: nowMs, places: this.#look() }
    return this.#looked.places
  }

  async #look(): Promise<SeedPlace[]> {
    const names = (await readdir(this.#root).catch(() => [])).filter((name) => seedPlaceName.safeParse(name).success).toSorted()
    const places: SeedPlace[] = []
    for (const name of names) {
      if (places.length === MOST_PLACES) break
      const path = await this.pathOf(name).catch(() => null) // a file, or a link: no place
      if (path === null) continue
      const { freeBytes, totalBytes } = await this.#roomOf(path)
      const shipments = new Set((await this.seedsOn(name)).map(({ label }) => label.shipmentId))
      places.push({ name, freeBytes, totalBytes, shipmentIds: [...shipments].slice(0, MOST_SHIPMENTS) })
    }
    return places
  }

  /** The folder of a place. Rejects with SEED_PLACE_MISSING when there is none, or it is a link that leads elsewhere. */
  async pathOf(name: string): Promise<string> {
    const path = join(this.#root, seedPlaceName.parse(name))
    const found = await lstat(path).catch(() => null)
    if (found?.isDirectory() !== true || (await realpath(path)) !== join(await realpath(this.#root), name)) {
      throw new SeedError('SEED_PLACE_MISSING', `There is no folder or mounted device "${name}" in the agent's seed root ${this.#root}. Mount the device there, or choose another place.`)
    }
    return path
  }

  /** The seeds that lie on a place; what bears no readable label is passed over. Rejects when there is no such place. */
  async seedsOn(name: string): Promise<FoundSeed[]> {
    const path = await this.pathOf(name)
    const found: FoundSeed[] = []
    for (const entry of (await readdir(path).catch(() => [])).filter(isSeedFolder).toSorted().slice(0, MOST_SEEDS)) {
      const folder = join(path, entry)
      const label = await readLabel(folder).catch(() => null)
      if (label !== null && folderNameOfSeed(label.seedId) === entry) found.push({ place: name, folder, label })
    }
    return found
  }

  /** Room on a place, in bytes. Rejects when there is no such place. */
  async room(name: string): Promise<number> {
    return (await this.#roomOf(await this.pathOf(name))).freeBytes
  }
}

const roomOf: RoomOf = async (path) => {
  const { bavail, blocks, bsize } = await statfs(path)
  return { freeBytes: bavail * bsize, totalBytes: blocks * bsize }
}

/** Whether a name on a device is that of a seed's folder. */
export const isSeedFolder = (name: string): boolean => FOLDER.test(name)

export const folderNameOfSeed = (seedId: string): string => `${PREFIX}${seedId}`
