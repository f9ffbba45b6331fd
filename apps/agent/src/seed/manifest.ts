import { setImmediate as yieldToEventLoop } from 'node:timers/promises'
import { z } from 'zod'
import { hash, id, seedPublicKey } from '@driftless/agent-api'
import { jsonOf } from '../state-file.ts'
import { CHUNK_BYTES, LARGEST_CHUNK_BYTES, SMALLEST_CHUNK_BYTES, mostStoredBytes } from './chunk.ts'
import { wrappedKey } from './data-key.ts'
import { SeedError } from './error.ts'
import { isSignedBy } from './keys.ts'
import type { SeedKeyring } from './keys.ts'
import { findInSlices, hashInSlices, joinInSlices } from './slices.ts'

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
const someChunks = z.array(chunk)

/** Chunks written, or read, at once: there may be more than a hundred thousand, and guests are served in between. */
const CHUNKS_AT_ONCE = 1_000

/** Chunks are read by themselves, a part at a time. */
const disk = z.object({ key: z.string().min(1).max(60), sizeBytes: whole.min(1).max(Number.MAX_SAFE_INTEGER), chunks: z.tuple([]) })

const head = z
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
type Head = z.infer<typeof head>
export type Manifest = Omit<Head, 'disks'> & { readonly disks: (Omit<Head['disks'][number], 'chunks'> & { readonly chunks: ManifestChunk[] })[] }

/** The manifest's file, and the hash (hexadecimal) of what is signed. */
export async function encodeManifest({ disks, ...rest }: Manifest, keys: SeedKeyring): Promise<{ file: Buffer; manifestHash: string }> {
  const parts = [Buffer.from(`${FIRST_LINE}${JSON.stringify(rest).slice(0, -1)},"disks":[`)]
  for (const [at, { chunks, ...shape }] of disks.entries()) {
    parts.push(Buffer.from(`${at === 0 ? '' : ','}${JSON.stringify(shape).slice(0, -1)},${BEFORE_CHUNKS}`))
    for (let first = 0; first < chunks.length; first += CHUNKS_AT_ONCE) {
      parts.push(Buffer.from(`${first === 0 ? '' : ','}${JSON.stringify(chunks.slice(first, first + CHUNKS_AT_ONCE)).slice(1, -1)}`))
      await yieldToEventLoop()
    }
    parts.push(Buffer.from(']}'))
  }
  parts.push(Buffer.from(']}\n'))
  const signed = await joinInSlices(parts)
  return { file: await joinInSlices([Buffer.from(`${await keys.sign(signed)}\n`), signed]), manifestHash: await hashInSlices(signed) }
}

export interface ReadManifest {
  readonly manifest: Manifest
  readonly manifestHash: string
}

/**
 * What a manifest's file says, by the word of `signer`. The signature comes first: whoever had the device in hand could else keep the agent
 * busy with what is no manifest. Rejects with SEED_FORGED where it is none, or another's.
 */
export async function decodeManifest(file: Buffer, signer: string): Promise<ReadManifest> {
  const { signature, signed } = partsOf(file)
  if (!seedPublicKey.safeParse(signer).success || !(await isSignedBy(signer, signed, signature))) {
    throw new SeedError('SEED_FORGED', 'The seed is not signed by the source agent that it should come from. Nothing of it is used. Ask who had the device in hand, and export the seed anew.')
  }
  return readSigned(signed)
}

/** What a manifest's file says, whoever wrote it: for people who look at a device, never for what is imported. Rejects as `decodeManifest`. */
export function readUnproven(file: Buffer): Promise<ReadManifest> {
  return readSigned(partsOf(file).signed)
}

function partsOf(file: Buffer): { readonly signature: string; readonly signed: Buffer } {
  const firstEnd = file.indexOf(0x0a)
  const signature = seedSignature.safeParse(file.subarray(0, Math.max(0, Math.min(firstEnd, MAX_SIGNATURE))).toString('latin1'))
  const signed = file.subarray(firstEnd + 1)
  if (!signature.success || signed.subarray(0, FIRST_LINE.length).toString('latin1') !== FIRST_LINE) throw damaged('it does not begin as one')
  return { signature: signature.data, signed }
}

async function readSigned(signed: Buffer): Promise<ReadManifest> {
  return { manifest: await manifestOf(signed.subarray(FIRST_LINE.length)), manifestHash: await hashInSlices(signed) }
}

/** How each disk's chunks begin; as JSON's quotation marks are escaped within a text, nothing else can read so. */
const BEFORE_CHUNKS = '"chunks":['
const BETWEEN_CHUNKS = Buffer.from('],[')

/** The lists of chunks are taken out and read by themselves, in parts; then the rest, which is small. */
async function manifestOf(text: Buffer): Promise<Manifest> {
  const rest: Buffer[] = []
  const lists: Buffer[] = []
  let at = 0
  for (;;) {
    const found = await findInSlices(text, Buffer.from(BEFORE_CHUNKS), at)
    if (found < 0) break
    const from = found + BEFORE_CHUNKS.length
    // A chunk holds no list, so the first two ends in a row are of the last chunk and of the list.
    const end = text[from] === 0x5d ? from : (await findInSlices(text, Buffer.from(']]'), from)) + 1
    if (end === 0 || lists.length >= MOST_DISKS) throw damaged('its lists of chunks have no end')
    rest.push(text.subarray(at, from))
    lists.push(text.subarray(from, end))
    at = end
  }
  rest.push(text.subarray(at))
  // Many small values take fifty times their text in memory: no more is read at once than a manifest may have beside its chunks.
  if (rest.reduce((sum, { length }) => sum + length, 0) > MANIFEST_HEAD_BYTES) throw damaged('it has more parts than a manifest')
  const parsed = head.safeParse(jsonOf(Buffer.concat(rest)))
  if (!parsed.success) throw damaged(parsed.error.issues[0]?.message ?? 'it says nothing')
  const { disks, ...others } = parsed.data
  if (lists.length !== disks.length) throw damaged('a disk has not one list of chunks')
  const whole: Manifest['disks'] = []
  for (const [index, { key, sizeBytes }] of disks.entries()) {
    const mostAreas = Math.ceil(sizeBytes / others.chunkBytes)
    whole.push({ key, sizeBytes, chunks: await chunksOf(lists[index] ?? Buffer.alloc(0), mostAreas, others.devices.length) })
  }
  return { ...others, disks: whole }
}

async function chunksOf(list: Buffer, areas: number, devices: number): Promise<ManifestChunk[]> {
  const chunks: ManifestChunk[] = []
  for (let at = 0; at < list.length; ) {
    const least = at + CHUNKS_AT_ONCE * MANIFEST_BYTES_PER_CHUNK
    const found = list.subarray(least, least + MANIFEST_BYTES_PER_CHUNK).indexOf(BETWEEN_CHUNKS)
    if (found < 0 && list.length > least + MANIFEST_BYTES_PER_CHUNK) throw damaged('a chunk is too long')
    const cut = found < 0 ? found : least + found
    const end = cut < 0 ? list.length : cut + 1
    const some = someChunks.safeParse(jsonOf(Buffer.from(`[${list.toString('utf8', at, end)}]`)))
    if (!some.success) throw damaged(some.error.issues[0]?.message ?? 'a chunk is none')
    for (const one of some.data) {
      const [index, device] = one
      if (index <= (chunks.at(-1)?.[0] ?? -1) || index >= areas || device >= devices) throw damaged('its chunks are not in order, or lie outside of a disk')
      chunks.push(one)
    }
    at = cut < 0 ? list.length : end + 1
    await yieldToEventLoop()
  }
  return chunks
}

const MAX_SIGNATURE = 200
const seedSignature = z.base64().length(88).refine((text) => Buffer.from(text, 'base64').toString('base64') === text)

const damaged = (why: string): SeedError =>
  new SeedError('SEED_FORGED', `The seed's manifest does not hold (${why}). Nothing of it is used. Carry the device again, or export the seed anew.`)
