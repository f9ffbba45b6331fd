import { join } from 'node:path'

/** Files of one folder: file systems of portable devices are slow with many. */
const FILES_IN_FOLDER = 1_000

/**
 * MAP of a seed's folder on a device, `driftless-seed-<id>`; `docs/seed-format.md` says the rest:
 *
 *   label.json      what it is (`label.ts`); there before anything else
 *   d0/0/17.chunk   area 17 of the first disk (`chunk.ts`); names are made of numbers here, never read from anywhere
 *   manifest        what there must be, on every device the same (`manifest.ts`); written last
 */
export const manifestPath = (folder: string): string => join(folder, 'manifest')

/** The folders above a chunk, outermost first, and its file. */
export function chunkPath(folder: string, disk: number, index: number): { folders: [string, string]; file: string } {
  const ofDisk = join(folder, `d${disk}`)
  const group = join(ofDisk, String(Math.floor(index / FILES_IN_FOLDER)))
  return { folders: [ofDisk, group], file: join(group, `${index}.chunk`) }
}
