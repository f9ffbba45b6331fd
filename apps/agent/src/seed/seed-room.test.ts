import { randomBytes, randomUUID } from 'node:crypto'
import { mkdir, mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import type { BlockDevice } from '@driftless/nbd'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { CHUNK_BYTES, LARGEST_CHUNK_BYTES } from './chunk.ts'
import { newDataKey, wrapKey } from './data-key.ts'
import { ExportRecord } from './export-record.ts'
import { openSeedKeys } from './keys.ts'
import type { SeedKeyring } from './keys.ts'
import { chunkBytesFor, fitsManifest } from './manifest.ts'
import { SeedPlaces } from './places.ts'
import { SeedExport } from './seed-export.ts'

const MIB = 1024 ** 2
const TIB = 1024 ** 4

let folder = ''
let keys: SeedKeyring
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dl-room-'))
  keys = await openSeedKeys(folder)
})
afterEach(() => rm(folder, { recursive: true, force: true }))

/** A disk of which the first bytes are random, and the rest a hole. */
function disk(sizeBytes: number, dataBytes: number): BlockDevice {
  const data = randomBytes(dataBytes)
  const read = (offset: number, into: Buffer) => Promise.resolve(void data.copy(into.fill(0), 0, offset, offset + into.length))
  const none = () => Promise.reject(new Error('nobody writes'))
  const extents = (offset: number, length: number) => {
    const full = Math.max(0, Math.min(length, dataBytes - offset))
    return Promise.resolve([...(full > 0 ? [{ length: full, zero: false, hole: false }] : []), ...(full < length ? [{ length: length - full, zero: true, hole: true }] : [])])
  }
  return { sizeBytes, read, write: none, writeZeroes: none, flush: none, extents, close: () => Promise.resolve() }
}

/** An export of one disk to places that hold so many bytes each. */
async function exported(device: BlockDevice, capacity: Record<string, number>): Promise<string> {
  const root = join(folder, 'places')
  for (const place of Object.keys(capacity)) await mkdir(join(root, place), { recursive: true })
  const seed = { seedId: randomUUID(), shipmentId: 's-1', migrationId: 'm-1' }
  const dataKey = newDataKey()
  const record = await ExportRecord.begin(join(folder, 'export'), {
    ...seed, recipientKey: keys.public.recipient, key: wrapKey(dataKey, keys.public.recipient, seed), dataKey: dataKey.toString('base64'), begunAtMs: 1, tracked: true, compare: false, devices: [], done: null,
  })
  const roomOf = async (path: string) => {
    const files = (await readdir(path, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile())
    const used = (await Promise.all(files.map(async (entry) => (await stat(join(entry.parentPath, entry.name))).size))).reduce((sum, size) => sum + size, 0)
    return { freeBytes: (capacity[basename(path)] ?? 0) - used, totalBytes: TIB }
  }
  const places = new SeedPlaces(root, { roomOf })
  const work = new SeedExport({
    record, migrationId: 'm-1', sourceAgentId: 'a-1', places, order: Object.keys(capacity), keys, held: () => false, now: () => 1,
    disks: [{ key: 'disk-0', sizeBytes: device.sizeBytes, usedBytes: device.sizeBytes, device, writtenBytes: () => 0 }],
  })
  const result = await work.run(new AbortController().signal).then(() => 'EXPORTED', (error: unknown) => (error instanceof Error && 'code' in error ? String(error.code) : String(error)))
  for (const place of Object.keys(capacity)) if (result !== 'EXPORTED') expect(await readdir(join(root, place))).toEqual([])
  return result
}

describe('before anything is written it is known', () => {
  test('that what is left of a device before the next has its turn is of no use', async () => {
    const reserve = 3 * MIB
    // Chunks of 8, 8 and 4 MiB: of 21 MiB in all 4 are left on the first device and 1 on the second.
    expect(await exported(disk(20 * MIB, 20 * MIB), { 'usb-1': 12 * MIB + reserve, 'usb-2': 9 * MIB + reserve })).toBe('SEED_NO_ROOM')
    expect(await exported(disk(20 * MIB, 20 * MIB), { 'usb-1': 12 * MIB + reserve, 'usb-2': 17 * MIB + reserve })).toBe('EXPORTED')
  })

  test('that a disk is too large', async () => expect(await exported(disk(40 * TIB, 4_096), { 'usb-1': TIB })).toBe('SEED_TOO_LARGE'))
})

describe('the size of areas', () => {
  test.each([
    ['of a small disk', [1], CHUNK_BYTES, true],
    ['of the largest with usual ones', [16 * TIB], CHUNK_BYTES, true],
    ['of a larger one', [16 * TIB + 1], LARGEST_CHUNK_BYTES, true],
    ['of several that are large together', [10 * TIB, 10 * TIB], LARGEST_CHUNK_BYTES, true],
    ['of one that is too large', [32 * TIB + 1], LARGEST_CHUNK_BYTES, false],
    ['of several that are too large together', [20 * TIB, 20 * TIB], LARGEST_CHUNK_BYTES, false],
    ['of too many', Array<number>(65).fill(1), LARGEST_CHUNK_BYTES, false],
  ])('%s', (_name, sizes, chunkBytes, fits) => {
    expect(chunkBytesFor(sizes)).toBe(chunkBytes)
    expect(fitsManifest(sizes, chunkBytesFor(sizes))).toBe(fits)
  })
})
