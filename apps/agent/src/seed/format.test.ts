import { randomBytes, randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { BLOCK_BYTES } from '../block/map.ts'
import { CHUNK_BYTES, openChunk, sealChunk } from './chunk.ts'
import type { ChunkContent, ChunkPlace } from './chunk.ts'
import { chunkKeys, fingerprintOf, newDataKey, unwrapKey, wrapKey } from './data-key.ts'
import { openSeedKeys } from './keys.ts'
import type { SeedKeyring } from './keys.ts'
import { decodeManifest, encodeManifest } from './manifest.ts'
import type { Manifest } from './manifest.ts'

const seed = { seedId: randomUUID(), shipmentId: 's-1', migrationId: 'm-1' }
const keys = chunkKeys(newDataKey())
const place: ChunkPlace = { seed, diskKey: 'disk-0', index: 3 }

let folder = ''
let source: SeedKeyring
let target: SeedKeyring
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dl-seed-'))
  source = await openSeedKeys(folder)
  await rm(join(folder, 'seed-keys.json'))
  target = await openSeedKeys(folder)
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const content = (...runs: [first: number, blocks: number, fill?: number][]): ChunkContent => ({
  runs: runs.map(([first, blocks]) => ({ first, end: first + blocks })),
  data: runs.map(([, blocks, fill]) => (fill === undefined ? randomBytes(blocks * BLOCK_BYTES) : Buffer.alloc(blocks * BLOCK_BYTES, fill))),
})

describe('a chunk', () => {
  test.each([
    ['of random bytes', content([0, 2], [7, 300])],
    ['that shrinks', content([5, 2000, 9])],
    ['of a whole area', content([0, CHUNK_BYTES / BLOCK_BYTES])],
  ])('%s opens as it was sealed', async (_, value) => {
    const { file, hash } = await sealChunk(keys, place, value)
    const opened = await openChunk(keys, place, file, { hash, areaBytes: CHUNK_BYTES })
    expect(opened?.runs).toEqual(value.runs)
    expect(Buffer.concat(opened?.data ?? []).equals(Buffer.concat(value.data))).toBe(true)
  })

  test('what shrinks is stored small, and nothing of the plain bytes is to be seen', async () => {
    const { file } = await sealChunk(keys, place, content([5, 2000, 9]))
    expect(file.length).toBeLessThan(BLOCK_BYTES)
    const plain = Buffer.alloc(BLOCK_BYTES, 'a guest’s secret ')
    const sealed = await sealChunk(keys, place, { runs: [{ first: 0, end: 1 }], data: [plain] })
    expect(sealed.file.includes('secret')).toBe(false)
  })

  test('the last area of a disk may end within a block', async () => {
    const value = { runs: [{ first: 0, end: 2 }], data: [randomBytes(BLOCK_BYTES + 100)] }
    const { file, hash } = await sealChunk(keys, place, value)
    expect((await openChunk(keys, place, file, { hash, areaBytes: BLOCK_BYTES + 100 }))?.data).toEqual(value.data)
    expect(await openChunk(keys, place, file, { hash, areaBytes: 2 * BLOCK_BYTES })).toBeNull()
  })

  test('any byte that was changed is found', async () => {
    const { file, hash } = await sealChunk(keys, place, content([0, 1]))
    for (let at = 0; at < file.length; at += 97) {
      const changed = Buffer.from(file)
      changed.writeUInt8((changed.readUInt8(at) + 1) % 256, at)
      expect(await openChunk(keys, place, changed, { hash, areaBytes: CHUNK_BYTES })).toBeNull()
    }
    for (const length of [0, 5, 36, 37, file.length - 1]) expect(await openChunk(keys, place, file.subarray(0, length), { hash, areaBytes: CHUNK_BYTES })).toBeNull()
  })

  test('another key, another place, another hash: it stays shut', async () => {
    const { file, hash } = await sealChunk(keys, place, content([0, 1]))
    const open = (changed: Partial<ChunkPlace>, with_ = keys, expected = hash) => openChunk(with_, { ...place, ...changed }, file, { hash: expected, areaBytes: CHUNK_BYTES })
    expect(await open({})).not.toBeNull()
    expect(await open({}, chunkKeys(newDataKey()))).toBeNull()
    expect(await open({ index: 4 })).toBeNull()
    expect(await open({ diskKey: 'disk-1' })).toBeNull()
    for (const other of [{ seedId: randomUUID() }, { shipmentId: 's-2' }, { migrationId: 'm-2' }]) expect(await open({ seed: { ...seed, ...other } })).toBeNull()
    expect(await open({}, keys, 'a'.repeat(64))).toBeNull()
  })

  test('its hash tells nobody without the key what it holds', async () => {
    const value = content([0, 1, 7])
    expect((await sealChunk(chunkKeys(newDataKey()), place, value)).hash).not.toBe((await sealChunk(keys, place, value)).hash)
  })
})

describe('the data key', () => {
  test('is unwrapped by its recipient, for its seed', () => {
    const key = newDataKey()
    const wrapped = wrapKey(key, target.public.recipient, seed)
    expect(unwrapKey(target, wrapped, seed)?.equals(key)).toBe(true)
    expect(unwrapKey(source, wrapped, seed)).toBeNull()
    for (const other of [{ seedId: randomUUID() }, { shipmentId: 's-2' }, { migrationId: 'm-2' }]) expect(unwrapKey(target, wrapped, { ...seed, ...other })).toBeNull()
    expect(unwrapKey(target, { ...wrapped, ephemeral: source.public.recipient }, seed)).toBeNull()
    expect(unwrapKey(target, { ...wrapped, ephemeral: source.public.signer }, seed)).toBeNull()
  })
})

const manifestOf = (): Manifest => ({
  ...seed, sourceAgentId: 'source-1', recipient: fingerprintOf(target.public.recipient), key: wrapKey(newDataKey(), target.public.recipient, seed),
  begunAtMs: 1, exportedAtMs: 2, chunkBytes: CHUNK_BYTES, devices: [randomUUID(), randomUUID()],
  disks: [{ key: 'disk-0', sizeBytes: 100 * CHUNK_BYTES, chunks: [[0, 0, 100, 90, 'a'.repeat(64)], [7, 1, 100, 90, 'b'.repeat(64)]] }],
})

describe('a manifest', () => {
  test('is read as it was written, and known by its signer', () => {
    const value = manifestOf()
    const { file, manifestHash } = encodeManifest(value, source)
    expect(decodeManifest(file, source.public.signer)).toEqual({ manifest: value, manifestHash })
    for (const other of [target.public.signer, source.public.recipient, 'nonsense', '']) expect(() => decodeManifest(file, other)).toThrow('not signed')
  })

  test('with as many chunks as can be is taken', () => {
    const chunks = Array.from({ length: 20_000 }, (_, index): Manifest['disks'][number]['chunks'][number] => [index, index % 2, 0, 0, 'a'.repeat(64)])
    const value = { ...manifestOf(), disks: [{ key: 'd', sizeBytes: 20_000 * CHUNK_BYTES, chunks }, ...Array.from({ length: 63 }, (_, disk) => ({ key: `d${disk}`, sizeBytes: 1, chunks: [] }))] }
    expect(decodeManifest(encodeManifest(value, source).file, source.public.signer).manifest).toEqual(value)
  })

  test('nothing that the source has not signed is looked into, and what is signed has no more parts than a manifest', () => {
    const hostile = Buffer.concat([Buffer.from('driftless-seed-1 manifest\n['), Buffer.alloc(300_000, '[],'), Buffer.from('0]\n')])
    const parse = vi.spyOn(JSON, 'parse')
    try {
      expect(() => decodeManifest(Buffer.concat([Buffer.from(`${target.sign(hostile)}\n`), hostile]), source.public.signer)).toThrow('not signed')
      for (const text of ['[],', '{},', '1,']) {
        const signed = Buffer.concat([Buffer.from('driftless-seed-1 manifest\n['), Buffer.alloc(300_000, text), Buffer.from('0]\n')])
        expect(() => decodeManifest(Buffer.concat([Buffer.from(`${source.sign(signed)}\n`), signed]), source.public.signer)).toThrow('does not hold')
      }
      expect(parse).not.toHaveBeenCalled()
    } finally {
      parse.mockRestore()
    }
  })

  test('every field is under the signature', () => {
    const value = manifestOf()
    const { file } = encodeManifest(value, source)
    const signature = file.subarray(0, file.indexOf(0x0a) + 1)
    const changes: Partial<Manifest>[] = [
      { seedId: randomUUID() }, { shipmentId: 's-2' }, { migrationId: 'm-2' }, { sourceAgentId: 'other' }, { recipient: 'c'.repeat(64) },
      { key: wrapKey(newDataKey(), target.public.recipient, seed) }, { begunAtMs: 0 }, { exportedAtMs: 3 }, { chunkBytes: CHUNK_BYTES / 2 }, { devices: [randomUUID(), randomUUID()] },
      { disks: [{ key: 'disk-0', sizeBytes: 100 * CHUNK_BYTES, chunks: [[0, 0, 100, 90, 'd'.repeat(64)]] }] },
    ]
    for (const change of changes) {
      const other = encodeManifest({ ...value, ...change }, source).file
      const forged = Buffer.concat([signature, other.subarray(other.indexOf(0x0a) + 1)])
      expect(() => decodeManifest(forged, source.public.signer), JSON.stringify(change).slice(0, 40)).toThrow('not signed')
    }
  })

  test.each([
    ['a chunk beyond the disk', { disks: [{ key: 'd', sizeBytes: 1, chunks: [[1, 0, 1, 1, 'a'.repeat(64)]] }] }],
    ['chunks out of order', { disks: [{ key: 'd', sizeBytes: 1e9, chunks: [[1, 0, 1, 1, 'a'.repeat(64)], [1, 0, 1, 1, 'a'.repeat(64)]] }] }],
    ['a device that is not there', { disks: [{ key: 'd', sizeBytes: 1e9, chunks: [[1, 2, 1, 1, 'a'.repeat(64)]] }] }],
    ['a disk that is there twice', { disks: [{ key: 'd', sizeBytes: 1, chunks: [] }, { key: 'd', sizeBytes: 1, chunks: [] }] }],
    ['chunks of another size', { chunkBytes: 1024 ** 3 }],
    ['something more', { path: '../../etc/passwd' }],
  ])('%s is refused although it is signed', (_, change) => {
    const { file } = encodeManifest(Object.assign(manifestOf(), change), source)
    expect(() => decodeManifest(file, source.public.signer)).toThrow('does not hold')
  })

  test('anything at all either is a manifest or is refused as none', () => {
    const { file } = encodeManifest(manifestOf(), source)
    const refused = (bytes: Buffer) => {
      try {
        decodeManifest(bytes, source.public.signer)
        return 'taken'
      } catch (error) {
        return error instanceof Error && 'code' in error ? error.code : error
      }
    }
    fc.assert(fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => refused(Buffer.from(bytes)) === 'SEED_FORGED'))
    fc.assert(
      fc.property(fc.nat(file.length - 1), fc.integer({ min: 1, max: 255 }), fc.boolean(), (at, change, cut) => {
        const bytes = Buffer.from(cut ? file.subarray(0, at) : file)
        if (!cut) bytes.writeUInt8((bytes.readUInt8(at) + change) % 256, at)
        return refused(bytes) === 'SEED_FORGED'
      }),
      { numRuns: 1000 },
    )
    fc.assert(fc.property(fc.json(), (text) => {
      const signed = Buffer.from(`driftless-seed-1 manifest\n${text}`)
      return refused(Buffer.concat([Buffer.from(`${source.sign(signed)}\n`), signed])) === 'SEED_FORGED'
    }))
  })
})
