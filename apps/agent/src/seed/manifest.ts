import { z } from 'zod'
import { hash, id, seedPublicKey } from '@driftless/agent-api'
import { hashOf } from '../block/content.ts'
import { jsonOf } from '../state-file.ts'
import { CHUNK_BYTES, LARGEST_CHUNK_BYTES, SMALLEST_CHUNK_BYTES, mostStoredBytes } from './chunk.ts'
import { wrappedKey } from './data-key.ts'
import { SeedError } from './error.ts'
import { isSignedBy } from './keys.ts'
import type { SeedKeyring } from './keys.ts'

/** First line of what is signed, and of the file: so that this key's signature is good for nothing else. Another format gets another. */
const FIRST_LINE = 'driftless-seed-1 manifest\n'

/** Of one disk: 16 TiB in chunks of 8 MiB, 32 in larger ones. */
const MOST_CHUNKS = 2 * 1024 * 1024
const MOST_DISKS = 64
export const MAX_MANIFEST_BYTES = 256 * 1024 * 1024
/** What one chunk takes in a manifest, and everything else, at most. */
const MANIFEST_BYTES_PER_CHUNK = 110
const MANIFEST_HEAD_BYTES = 64 * 1024

/** What the manifest of disks of these sizes takes at most. */
export const mostManifestBytes = (sizesBytes: readonly number[], chunkBytes: number): number =>
  MANIFEST_HEAD_BYTES + MANIFEST_BYTES_PER_CHUNK * sizesBytes.reduce((sum, size) => sum + Math.ceil(size / chunkBytes), 0)

/** Whether the manifest of disks of these sizes could be read again, full of data as they may be. */
export const fitsManifest = (sizesBytes: readonly number[], chunkBytes: number): boolean =>
  sizesBytes.length <= MOST_DISKS && sizesBytes.every((size) => Math.ceil(size / chunkBytes) <= MOST_CHUNKS) && mostManifestBytes(sizesBytes, chunkBytes) <= MAX_MANIFEST_BYTES

/** How large the areas of disks of these sizes are: of very large disks larger, that they fit a manifest. */
export const chunkBytesFor = (sizesBytes: readonly number[]): number => (fitsManifest(sizesBytes, CHUNK_BYTES) ? CHUNK_BYTES : LARGEST_CHUNK_BYTES)

const whole = z.number().int().nonnegative()

/** Index of its area · on which device (by its place in `devices`) · bytes of its file · bytes of the disk that it holds · hash. */
const chunk = z.tuple([whole.max(MOST_CHUNKS - 1), whole.max(15), whole.max(mostStoredBytes(LARGEST_CHUNK_BYTES)), whole.max(LARGEST_CHUNK_BYTES), hash])
export type ManifestChunk = z.infer<typeof chunk>

const disk = z.object({ key: z.string().min(1).max(60), sizeBytes: whole.min(1).max(Number.MAX_SAFE_INTEGER), chunks: z.array(chunk).max(MOST_CHUNKS) })

const manifest = z
  .strictObject({
    seedId: z.uuid(),
    shipmentId: id,
    migrationId: id,
    sourceAgentId: id,
    /** SHA-256 of the target agent's X25519 key. */
    recipient: hash,
    key: wrappedKey,
    /** Since when writes are tracked, and when it was whole. */
    begunAtMs: whole,
    exportedAtMs: whole,
    chunkBytes: z.number().int().min(SMALLEST_CHUNK_BYTES).max(LARGEST_CHUNK_BYTES).multipleOf(SMALLEST_CHUNK_BYTES),
    devices: z.array(z.uuid()).min(1).max(16),
    disks: z.array(disk).min(1).max(MOST_DISKS),
  })
  .refine(({ disks }) => new Set(disks.map(({ key }) => key)).size === disks.length, 'a disk is there twice')
  .refine(({ devices }) => new Set(devices).size === devices.length, 'a device is there twice')
  .refine(({ disks, devices, chunkBytes }) => disks.every(({ sizeBytes, chunks }) => chunks.every(([index, device], at) => index > (chunks[at - 1]?.[0] ?? -1) && index * chunkBytes < sizeBytes && device < devices.length)), 'its chunks are not in order, or lie outside of a disk')
export type Manifest = z.infer<typeof manifest>

/** The manifest's file, and the hash (hexadecimal) of what is signed. */
export function encodeManifest(value: Manifest, keys: SeedKeyring): { file: Buffer; manifestHash: string } {
  const signed = Buffer.from(`${FIRST_LINE}${JSON.stringify(value)}\n`)
  return { file: Buffer.concat([Buffer.from(`${keys.sign(signed)}\n`), signed]), manifestHash: hashOf(signed).toString('hex') }
}

export interface ReadManifest {
  readonly manifest: Manifest
  readonly manifestHash: string
}

/**
 * What a manifest's file says, by the word of `signer`. The signature comes first: whoever had the device in hand could else keep the agent
 * busy with what is no manifest. Throws SEED_FORGED where it is none, or another's.
 */
export function decodeManifest(file: Buffer, signer: string): ReadManifest {
  const firstEnd = file.indexOf(0x0a)
  const signature = seedSignature.safeParse(file.subarray(0, Math.max(0, Math.min(firstEnd, MAX_SIGNATURE))).toString('latin1'))
  const signed = file.subarray(firstEnd + 1)
  if (!signature.success || signed.subarray(0, FIRST_LINE.length).toString('latin1') !== FIRST_LINE) throw damaged('it does not begin as one')
  if (!seedPublicKey.safeParse(signer).success || !isSignedBy(signer, signed, signature.data)) {
    throw new SeedError('SEED_FORGED', 'The seed is not signed by the source agent that it should come from. Nothing of it is used. Ask who had the device in hand, and export the seed anew.')
  }
  const text = signed.subarray(FIRST_LINE.length)
  const parsed = manifest.safeParse(isMostlyHashes(text) ? jsonOf(text) : null)
  if (!parsed.success) throw damaged(parsed.error.issues[0]?.message ?? 'it says nothing')
  return { manifest: parsed.data, manifestHash: hashOf(signed).toString('hex') }
}

/** Whether a text has no more lists and values than its length allows a manifest: small ones take fifty times their text in memory. */
function isMostlyHashes(text: Buffer): boolean {
  const mostLists = HEAD_LISTS + text.length / LEAST_CHUNK_TEXT
  let lists = 0
  let values = 0
  for (const byte of text) {
    if (byte === OPENING_BRACKET || byte === OPENING_BRACE) lists += 1
    else if (byte === COMMA) values += 1
  }
  return lists <= mostLists && values <= mostLists * VALUES_A_CHUNK
}
const [OPENING_BRACKET, OPENING_BRACE, COMMA] = [0x5b, 0x7b, 0x2c]
/** `[0,0,0,0,"…"]` with its hash. */
const LEAST_CHUNK_TEXT = 75
const VALUES_A_CHUNK = 5
/** Everything that is no chunk: disks, devices, the key. */
const HEAD_LISTS = 200

const MAX_SIGNATURE = 200
const seedSignature = z.base64().length(88).refine((text) => Buffer.from(text, 'base64').toString('base64') === text)

const damaged = (why: string): SeedError =>
  new SeedError('SEED_FORGED', `The seed's manifest does not hold (${why}). Nothing of it is used. Carry the device again, or export the seed anew.`)
