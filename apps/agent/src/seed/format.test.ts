import { randomBytes, randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { hashOf } from '../block/content.ts'
import { BLOCK_BYTES } from '../block/map.ts'
import { CHUNK_BYTES, openChunk, sealChunk } from './chunk.ts'
import type { ChunkContent, ChunkPlace } from './chunk.ts'
import { chunkKeys, fingerprintOf, newDataKey, unwrapKey, wrapKey } from './data-key.ts'
import { openSeedKeys } from './keys.ts'
import type { SeedKeyring } from './keys.ts'
import { decodeManifest, encodeManifest, readUnproven } from './manifest.ts'
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
  test('is read as it was written, and known by its signer', async () => {
    const value = manifestOf()
    const { file, manifestHash } = await encodeManifest(value, source)
    expect(await decodeManifest(file, source.public.signer)).toEqual({ manifest: value, manifestHash })
    for (const other of [target.public.signer, source.public.recipient, 'nonsense', '']) await expect(decodeManifest(file, other)).rejects.toThrow('not signed')
    expect(await readUnproven(file)).toEqual({ manifest: value, manifestHash })
  })

  test('with as many chunks as can be is taken', async () => {
    const chunks = Array.from({ length: 20_000 }, (_, index): Manifest['disks'][number]['chunks'][number] => [index, index % 2, 0, 0, 'a'.repeat(64)])
    const value = { ...manifestOf(), disks: [{ key: 'd', sizeBytes: 20_000 * CHUNK_BYTES, chunks }, ...Array.from({ length: 63 }, (_, disk) => ({ key: `d${disk}`, sizeBytes: 1, chunks: [] }))] }
    expect((await decodeManifest((await encodeManifest(value, source)).file, source.public.signer)).manifest).toEqual(value)
  })

  const signedText = async (text: Buffer, by: SeedKeyring) => Buffer.concat([Buffer.from(`${await by.sign(text)}\n`), text])
  const hostile = (text: string) => Buffer.concat([Buffer.from('driftless-seed-1 manifest\n['), Buffer.alloc(300_000, text), Buffer.from('0]\n')])

  test('nothing that the source has not signed is looked into, and what is signed has no more parts than a manifest', async () => {
    const parse = vi.spyOn(JSON, 'parse')
    try {
      await expect(decodeManifest(await signedText(hostile('[],'), target), source.public.signer)).rejects.toThrow('not signed')
      for (const text of ['[],', '{},', '1,']) await expect(decodeManifest(await signedText(hostile(text), source), source.public.signer)).rejects.toThrow('does not hold')
      expect(parse).not.toHaveBeenCalled()
    } finally {
      parse.mockRestore()
    }
  })

  test('what is signed as a list of chunks is read a part at a time, whatever it holds', async () => {
    const [before = '', after = ''] = JSON.stringify({ ...manifestOf(), disks: [{ key: 'd', sizeBytes: 1e9, chunks: [[7, 0, 1, 1, 'a'.repeat(64)]] }] }).split('[7,')
    for (const text of ['[],', '{},', '1,']) {
      const file = await signedText(Buffer.from(`driftless-seed-1 manifest\n${before}${text.repeat(100_000)}[7,${after}\n`), source)
      const parse = vi.spyOn(JSON, 'parse')
      try {
        await expect(decodeManifest(file, source.public.signer)).rejects.toThrow('does not hold')
        expect(Math.max(0, ...parse.mock.calls.map(([read]) => read.length))).toBeLessThan(120_000)
      } finally {
        parse.mockRestore()
      }
    }
  })

  test('it is one line of JSON, and with many chunks and any names read as that line reads', async () => {
    const value = manifestOf()
    const hash = (index: number) => index.toString(16).padStart(64, '0')
    const chunks = Array.from({ length: 5_001 }, (_, index): Manifest['disks'][number]['chunks'][number] => [2 * index, index % 2, 100 + index, 90, hash(index)])
    value.disks.push({ key: '"chunks":[[1]],"', sizeBytes: 20_000 * CHUNK_BYTES, chunks }, { key: '', sizeBytes: CHUNK_BYTES, chunks: [] })
    Object.assign(value.disks[2] ?? {}, { key: 'empty' })
    const { file, manifestHash } = await encodeManifest(value, source)
    const signed = `driftless-seed-1 manifest\n${JSON.stringify(value)}\n`
    expect(file.subarray(file.indexOf(0x0a) + 1).toString()).toBe(signed)
    expect(manifestHash).toBe(hashOf(Buffer.from(signed)).toString('hex'))
    expect((await decodeManifest(file, source.public.signer)).manifest).toEqual(value)
  })

  test.each([
    ['two lists of a disk', (text: string) => text.replace(']]}]', ']],"chunks":[[9,0,1,1,"' + 'a'.repeat(64) + '"]]}]')],
    ['a list that does not end', (text: string) => text.replace(']]}]}', '')],
    ['no list', (text: string) => text.replace(/"chunks":\[\[.*\]\]/, '"chunks":null')],
    ['a list elsewhere', (text: string) => text.replace('{"seedId"', '{"chunks":[],"seedId"')],
    ['a list in a chunk', (text: string) => text.replace('[0,0,', '[[0],0,')],
  ])('%s is refused', async (_, change) => {
    const { file } = await encodeManifest(manifestOf(), source)
    const text = file.subarray(file.indexOf(0x0a) + 1).toString()
    expect(change(text)).not.toBe(text)
    await expect(decodeManifest(await signedText(Buffer.from(change(text)), source), source.public.signer)).rejects.toThrow('does not hold')
  })

  test('every field is under the signature', async () => {
    const value = manifestOf()
    const { file } = await encodeManifest(value, source)
    const signature = file.subarray(0, file.indexOf(0x0a) + 1)
    const changes: Partial<Manifest>[] = [
      { seedId: randomUUID() }, { shipmentId: 's-2' }, { migrationId: 'm-2' }, { sourceAgentId: 'other' }, { recipient: 'c'.repeat(64) },
      { key: wrapKey(newDataKey(), target.public.recipient, seed) }, { begunAtMs: 0 }, { exportedAtMs: 3 }, { chunkBytes: CHUNK_BYTES / 2 }, { devices: [randomUUID(), randomUUID()] },
      { disks: [{ key: 'disk-0', sizeBytes: 100 * CHUNK_BYTES, chunks: [[0, 0, 100, 90, 'd'.repeat(64)]] }] },
    ]
    for (const change of changes) {
      const other = (await encodeManifest({ ...value, ...change }, source)).file
      const forged = Buffer.concat([signature, other.subarray(other.indexOf(0x0a) + 1)])
      await expect(decodeManifest(forged, source.public.signer), JSON.stringify(change).slice(0, 40)).rejects.toThrow('not signed')
    }
  })

  test.each([
    ['a chunk beyond the disk', { disks: [{ key: 'd', sizeBytes: 1, chunks: [[1, 0, 1, 1, 'a'.repeat(64)]] }] }],
    ['chunks out of order', { disks: [{ key: 'd', sizeBytes: 1e9, chunks: [[1, 0, 1, 1, 'a'.repeat(64)], [1, 0, 1, 1, 'a'.repeat(64)]] }] }],
    ['a device that is not there', { disks: [{ key: 'd', sizeBytes: 1e9, chunks: [[1, 2, 1, 1, 'a'.repeat(64)]] }] }],
    ['a disk that is there twice', { disks: [{ key: 'd', sizeBytes: 1, chunks: [] }, { key: 'd', sizeBytes: 1, chunks: [] }] }],
    ['chunks of another size', { chunkBytes: 1024 ** 3 }],
    ['something more', { path: '../../etc/passwd' }],
  ])('%s is refused although it is signed', async (_, change) => {
    const { file } = await encodeManifest(Object.assign(manifestOf(), change), source)
    await expect(decodeManifest(file, source.public.signer)).rejects.toThrow('does not hold')
  })

  test('anything at all either is a manifest or is refused as none', async () => {
    const { file } = await encodeManifest(manifestOf(), source)
    const refused = async (bytes: Buffer) => {
      try {
        await decodeManifest(bytes, source.public.signer)
        return 'taken'
      } catch (error) {
        return error instanceof Error && 'code' in error ? error.code : error
      }
    }
    await fc.assert(fc.asyncProperty(fc.uint8Array({ maxLength: 400 }), async (bytes) => (await refused(Buffer.from(bytes))) === 'SEED_FORGED'))
    await fc.assert(
      fc.asyncProperty(fc.nat(file.length - 1), fc.integer({ min: 1, max: 255 }), fc.boolean(), async (at, change, cut) => {
        const bytes = Buffer.from(cut ? file.subarray(0, at) : file)
        if (!cut) bytes.writeUInt8((bytes.readUInt8(at) + change) % 256, at)
        return (await refused(bytes)) === 'SEED_FORGED'
      }),
      { numRuns: 1000 },
    )
    await fc.assert(fc.asyncProperty(fc.json(), async (text) => (await refused(await signedText(Buffer.from(`driftless-seed-1 manifest\n${text}`), source))) === 'SEED_FORGED'))
  })
})
