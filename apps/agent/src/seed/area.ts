import type { BlockDevice, Extent } from '@driftless/nbd'
import { nonZeroRuns } from '../block/content.ts'
import type { BlockRun } from '../block/dirty-map.ts'
import { BLOCK_BYTES } from '../block/map.ts'
import type { ChunkContent } from './chunk.ts'

/** Read at once, and looked through for zeroes; guests are served in between. */
const READ_BYTES = 1024 * 1024

/** Asked for holes at once. */
const ASK_BYTES = 1024 * 1024 * 1024

/** What an area of a disk holds, without holes and zeroes; null: nothing. Rejects with the device's error. */
export async function readArea(device: BlockDevice, offset: number, length: number): Promise<ChunkContent | null> {
  const runs: BlockRun[] = []
  const data: Buffer[] = []
  for (const part of await partsWithData(device, offset, length)) {
    for (let at = part.offset; at < part.end; at += READ_BYTES) {
      const piece = Buffer.allocUnsafe(Math.min(READ_BYTES, part.end - at))
      await device.read(at, piece) // not at once: what nobody has read lately comes from the disk, and guests would wait for it
      for (const { first, end } of nonZeroRuns(piece)) {
        const shift = (at - offset) / BLOCK_BYTES
        runs.push({ first: first + shift, end: end + shift })
        data.push(piece.subarray(first * BLOCK_BYTES, Math.min(end * BLOCK_BYTES, piece.length)))
      }
    }
  }
  return runs.length === 0 ? null : { runs, data }
}

/** Bytes of the disk that are no holes, as far as it can tell; `usedBytes` where it cannot. Only a forecast: the VM runs on. */
export async function dataBytesOf(device: BlockDevice, usedBytes: number, signal: AbortSignal): Promise<number> {
  if (device.extents === undefined) return Math.min(usedBytes, device.sizeBytes)
  let total = 0
  for (let offset = 0; offset < device.sizeBytes; offset += ASK_BYTES) {
    signal.throwIfAborted()
    for (const { length, zero } of await extentsOf(device, offset, Math.min(ASK_BYTES, device.sizeBytes - offset))) if (!zero) total += length
  }
  return total
}

/** Whole blocks of the area that are not surely holes. */
async function partsWithData(device: BlockDevice, offset: number, length: number): Promise<{ offset: number; end: number }[]> {
  const parts: { offset: number; end: number }[] = []
  const limit = offset + length
  let at = offset
  for (const extent of await extentsOf(device, offset, length)) {
    const start = Math.floor(at / BLOCK_BYTES) * BLOCK_BYTES
    at += extent.length
    if (extent.zero) continue
    const end = Math.min(limit, Math.ceil(at / BLOCK_BYTES) * BLOCK_BYTES)
    const last = parts.at(-1)
    if (last !== undefined && start <= last.end) last.end = Math.max(last.end, end)
    else parts.push({ offset: start, end })
  }
  return parts
}

/** What is known of holes; an error means that nothing is. */
async function extentsOf(device: BlockDevice, offset: number, length: number): Promise<readonly Extent[]> {
  const unknown = [{ length, zero: false }]
  return device.extents?.(offset, length).catch(() => unknown) ?? unknown
}
