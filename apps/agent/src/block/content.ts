import { setImmediate as yieldToEventLoop } from 'node:timers/promises'
import { Blake3Hasher, blake3 } from '@napi-rs/blake-hash'
import type { BlockDevice } from '@driftless/nbd'
import { BLOCK_BYTES } from './map.ts'
import type { BlockRun } from './dirty-map.ts'

/** Read size of a whole-disk hash: large enough for full speed, 1 ms of hashing at a time. */
const HASH_READ_BYTES = 1024 * 1024

const zeroes = Buffer.alloc(1024 * 1024)

/** Whether every byte is zero. Any length; about 50 GB/s. */
export function isZero(data: Buffer): boolean {
  for (let offset = 0; offset < data.length; offset += zeroes.length) {
    const end = Math.min(offset + zeroes.length, data.length)
    if (data.compare(zeroes, 0, end - offset, offset, end) !== 0) return false
  }
  return true
}

/** Gaps of zero blocks shorter than this are sent along: a frame of its own would cost more. */
const MERGE_GAP_BLOCKS = 4

/** Runs of blocks (counted from the start of `data`) that are not all zero; short gaps are included. */
export function nonZeroRuns(data: Buffer): BlockRun[] {
  const runs: BlockRun[] = []
  if (isZero(data)) return runs
  const blocks = Math.ceil(data.length / BLOCK_BYTES)
  for (let block = 0; block < blocks; block += 1) {
    const start = block * BLOCK_BYTES
    const end = Math.min(start + BLOCK_BYTES, data.length)
    if (data[start] === 0 && data.compare(zeroes, 0, end - start, start, end) === 0) continue
    const last = runs.at(-1)
    if (last !== undefined && block - last.end <= MERGE_GAP_BLOCKS) last.end = block + 1
    else runs.push({ first: block, end: block + 1 })
  }
  return runs
}

/** BLAKE3, 32 bytes. */
export const hashOf = (data: Buffer): Buffer => blake3(data)

/**
 * Reads the whole device and returns BLAKE3 over its content, in hexadecimal. Yields to the event
 * loop after each read. Rejects with the device's error, or the signal's reason when aborted.
 */
export async function hashDevice(device: BlockDevice, signal: AbortSignal): Promise<string> {
  const hasher = new Blake3Hasher()
  let ready = Buffer.allocUnsafe(HASH_READ_BYTES)
  let filling = Buffer.allocUnsafe(HASH_READ_BYTES)
  const lengthAt = (offset: number) => Math.min(HASH_READ_BYTES, device.sizeBytes - offset)
  if (device.sizeBytes > 0) await device.read(0, ready.subarray(0, lengthAt(0)))
  for (let offset = 0; offset < device.sizeBytes; offset += HASH_READ_BYTES) {
    signal.throwIfAborted()
    const next = offset + HASH_READ_BYTES
    const reading = next < device.sizeBytes ? device.read(next, filling.subarray(0, lengthAt(next))) : Promise.resolve()
    hasher.update(ready.subarray(0, lengthAt(offset)))
    await reading
    await yieldToEventLoop()
    ;[ready, filling] = [filling, ready]
  }
  return hasher.digestBuffer().toString('hex')
}
