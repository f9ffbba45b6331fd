import { lstat, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { mostStoredBytes } from './chunk.ts'
import { SeedError, messageOf } from './error.ts'
import { readBounded } from './files.ts'
import { readLabel } from './label.ts'
import type { Label } from './label.ts'
import { chunkPath, manifestPath } from './layout.ts'
import { MAX_MANIFEST_BYTES, readUnproven } from './manifest.ts'
import type { Manifest, ReadManifest } from './manifest.ts'
import { isSeedFolder } from './places.ts'

/** What a seed's folder on a device says of itself, and whether all is there that ought to be on this device. Nothing is opened: no key is needed. */
export interface SeenSeed {
  readonly folder: string
  /** Null: there is no readable label. */
  readonly label: Label | null
  readonly content:
    /** Why there is no manifest to go by: its export has not ended, or it is damaged. */
    | { readonly kind: 'UNFINISHED' | 'DAMAGED'; readonly why: string; readonly chunks: number }
    | SeenContent
}

export interface SeenContent {
  readonly kind: 'WHOLE'
  readonly manifest: Manifest
  readonly manifestHash: string
  /** Which of the manifest's devices this is, from 1; null: none of them. */
  readonly device: number | null
  /** Of the chunks that ought to be here. */
  readonly chunks: number
  readonly bytes: number
  /** Files that are not there, or not as long as they ought to be; the first few by name. */
  readonly faults: { readonly count: number; readonly first: readonly string[] }
}

const FIRST_FAULTS = 5

/** Every seed on a device: in its folders, or `path` itself. Rejects when `path` cannot be read. */
export async function inspectDevice(path: string): Promise<SeenSeed[]> {
  const names = await readdir(path)
  if (names.includes('label.json') || names.includes('manifest')) return [await inspectSeed(path)]
  const seen: SeenSeed[] = []
  for (const name of names.filter(isSeedFolder).toSorted()) seen.push(await inspectSeed(join(path, name)))
  return seen
}

async function inspectSeed(folder: string): Promise<SeenSeed> {
  const label = await readLabel(folder).catch(() => null)
  const unread = async (kind: 'UNFINISHED' | 'DAMAGED', why: string): Promise<SeenSeed> => ({ folder, label, content: { kind, why, chunks: await countChunks(folder) } })
  const file = await readBounded(manifestPath(folder), MAX_MANIFEST_BYTES).catch((error: unknown) => error)
  if (!Buffer.isBuffer(file)) {
    const absent = file instanceof Error && 'code' in file && file.code === 'ENOENT'
    return unread(absent ? 'UNFINISHED' : 'DAMAGED', absent ? 'it has no manifest' : messageOf(file))
  }
  try {
    return { folder, label, content: await inspectContent(folder, label, await readUnproven(file)) }
  } catch (error) {
    if (error instanceof SeedError) return unread('DAMAGED', error.message)
    throw error
  }
}

async function inspectContent(folder: string, label: Label | null, { manifest, manifestHash }: ReadManifest): Promise<SeenContent> {
  const device = label?.seedId === manifest.seedId ? manifest.devices.indexOf(label.deviceId) : -1
  const first: string[] = []
  let [chunks, bytes, faults] = [0, 0, 0]
  for (const [disk, { chunks: ofDisk }] of manifest.disks.entries()) {
    for (const [index, on, storedBytes] of ofDisk) {
      if (on !== device) continue
      chunks += 1
      bytes += storedBytes
      const { file } = chunkPath(folder, disk, index)
      const found = await lstat(file).catch(() => null)
      if (found?.isFile() === true && found.size === storedBytes && storedBytes <= mostStoredBytes(manifest.chunkBytes)) continue
      faults += 1
      if (first.length < FIRST_FAULTS) first.push(`${file}: ${found === null ? 'is not there' : `has ${found.size} bytes instead of ${storedBytes}`}`)
    }
  }
  return { kind: 'WHOLE', manifest, manifestHash, device: device < 0 ? null : device + 1, chunks, bytes, faults: { count: faults, first } }
}

const countChunks = async (folder: string): Promise<number> => (await readdir(folder, { recursive: true })).filter((name) => name.endsWith('.chunk')).length
