import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { promisify } from 'node:util'
import { constants, zstdCompress, zstdDecompress } from 'node:zlib'
import type { BlockRun } from '../block/dirty-map.ts'
import { BLOCK_BYTES } from '../block/map.ts'
import type { SeedIdentity } from './data-key.ts'
import { hashInSlices, inSlices, joinInSlices } from './slices.ts'

/**
 * A chunk is what one area of a disk holds; areas lie side by side, each of `chunkBytes`, and one of zeroes has no chunk.
 *
 *   content  u32 runs · for each: u32 first block, u32 blocks (of 4 KiB, within the area) · their data
 *   file     "DLCHUNK1" · nonce (12) · tag (16) · AES-256-GCM of: u8 packing · content, as it is (0) or by zstd (1)
 *
 * Numbers are big-endian. The cipher is bound to the seed, the disk and the area, so that a chunk opens in its own place alone;
 * the hash in the manifest is BLAKE3 of a secret of the seed and the content.
 */
const MAGIC = Buffer.from('DLCHUNK1')
const NONCE_BYTES = 12
const TAG_BYTES = 16
const HEAD_BYTES = MAGIC.length + NONCE_BYTES + TAG_BYTES
const CIPHER = 'aes-256-gcm'
const PACKED = { asItIs: 0, zstd: 1 } as const

/** Areas are this large: of a damaged chunk so much goes over the wire at most. */
export const CHUNK_BYTES = 8 * 1024 * 1024
export const LARGEST_CHUNK_BYTES = 16 * 1024 * 1024
export const SMALLEST_CHUNK_BYTES = 64 * 1024

/** A content that did not shrink below this part of itself is stored as it is: unpacking costs the target too. */
const WORTHWHILE_RATIO = 0.95

const compress = promisify(zstdCompress)
const decompress = promisify(zstdDecompress)

/** Which area of which disk. */
export interface ChunkPlace {
  readonly seed: SeedIdentity
  readonly diskKey: string
  readonly index: number
}

export interface ChunkKeys {
  readonly cipher: Buffer
  readonly hash: Buffer
}

/** What an area holds, without its zeroes. Runs count blocks from the area's start, in order; `data` has theirs, one behind the other. */
export interface ChunkContent {
  readonly runs: readonly BlockRun[]
  readonly data: readonly Buffer[]
}

/** Most bytes that a chunk's file of an area of `chunkBytes` can have. */
export const mostStoredBytes = (chunkBytes: number): number => HEAD_BYTES + 1 + mostContentBytes(chunkBytes)

const mostContentBytes = (chunkBytes: number): number => 4 + 8 * (chunkBytes / BLOCK_BYTES) + chunkBytes

/** The chunk's file, and the hash (hexadecimal) that the manifest names it by. */
export async function sealChunk(keys: ChunkKeys, place: ChunkPlace, content: ChunkContent): Promise<{ file: Buffer; hash: string }> {
  const plain = await joinInSlices([runTable(content.runs), ...content.data])
  const hash = await hashInSlices(keys.hash, plain)
  // In one piece: it would be joined in one go from many small ones.
  const packed = await compress(plain, { params: { [constants.ZSTD_c_compressionLevel]: 1 }, chunkSize: Math.max(SMALLEST_CHUNK_BYTES, plain.length) })
  const small = packed.length < plain.length * WORTHWHILE_RATIO
  const nonce = randomBytes(NONCE_BYTES)
  const cipher = createCipheriv(CIPHER, keys.cipher, nonce).setAAD(contextOf(place))
  const sealed: Buffer[] = [cipher.update(Buffer.of(small ? PACKED.zstd : PACKED.asItIs))]
  await inSlices(small ? packed : plain, (slice) => sealed.push(cipher.update(slice)))
  sealed.push(cipher.final())
  return { file: await joinInSlices([MAGIC, nonce, cipher.getAuthTag(), ...sealed]), hash }
}

/** The content of a chunk's file; null where it is damaged, or another chunk's. `areaBytes`: less than `chunkBytes` at the disk's end. */
export async function openChunk(keys: ChunkKeys, place: ChunkPlace, file: Buffer, expected: { hash: string; areaBytes: number }): Promise<ChunkContent | null> {
  const plain = await unseal(keys, place, file, mostContentBytes(Math.ceil(expected.areaBytes / BLOCK_BYTES) * BLOCK_BYTES))
  if (plain === null || (await hashInSlices(keys.hash, plain)) !== expected.hash) return null
  return contentOf(plain, expected.areaBytes)
}

async function unseal(keys: ChunkKeys, place: ChunkPlace, file: Buffer, mostBytes: number): Promise<Buffer | null> {
  if (file.length <= HEAD_BYTES || !file.subarray(0, MAGIC.length).equals(MAGIC)) return null
  const nonce = file.subarray(MAGIC.length, MAGIC.length + NONCE_BYTES)
  const decipher = createDecipheriv(CIPHER, keys.cipher, nonce, { authTagLength: TAG_BYTES })
    .setAAD(contextOf(place))
    .setAuthTag(file.subarray(MAGIC.length + NONCE_BYTES, HEAD_BYTES))
  const opened: Buffer[] = []
  await inSlices(file.subarray(HEAD_BYTES), (slice) => opened.push(decipher.update(slice)))
  try {
    opened.push(decipher.final())
  } catch {
    return null
  }
  const whole = await joinInSlices(opened)
  const body = whole.subarray(1)
  if (whole[0] === PACKED.asItIs) return body.length <= mostBytes ? body : null
  if (whole[0] !== PACKED.zstd) return null
  return decompress(body, { maxOutputLength: mostBytes, chunkSize: mostBytes }).catch(() => null)
}

function runTable(runs: readonly BlockRun[]): Buffer {
  const table = Buffer.alloc(4 + 8 * runs.length)
  table.writeUInt32BE(runs.length)
  runs.forEach(({ first, end }, index) => {
    table.writeUInt32BE(first, 4 + 8 * index)
    table.writeUInt32BE(end - first, 8 + 8 * index)
  })
  return table
}

/** Null where runs do not lie in order within the area, or do not have the data that is there. */
function contentOf(plain: Buffer, areaBytes: number): ChunkContent | null {
  const count = plain.length < 4 ? 0 : plain.readUInt32BE()
  let at = 4 + 8 * count
  if (count === 0 || at > plain.length) return null
  const runs: BlockRun[] = []
  const data: Buffer[] = []
  let before = 0
  for (let index = 0; index < count; index += 1) {
    const first = plain.readUInt32BE(4 + 8 * index)
    const end = first + plain.readUInt32BE(8 + 8 * index)
    if (first < before || end <= first || end > Math.ceil(areaBytes / BLOCK_BYTES)) return null
    const length = Math.min(end * BLOCK_BYTES, areaBytes) - first * BLOCK_BYTES
    runs.push({ first, end })
    data.push(plain.subarray(at, at + length))
    at += length
    before = end
  }
  return at === plain.length ? { runs, data } : null
}

const contextOf = ({ seed, diskKey, index }: ChunkPlace): Buffer =>
  Buffer.from(`driftless-seed-1 chunk ${JSON.stringify([seed.seedId, seed.shipmentId, seed.migrationId, diskKey, index])}`)
