import { MAX_DATA_BYTES, WRITE_HEAD_BYTES } from './protocol.ts'

/** One size for every large buffer: the most data that a WRITE carries, and room for its head before it. */
export const POOLED_BYTES = WRITE_HEAD_BYTES + MAX_DATA_BYTES

/** Smaller ones come from the heap: very many of them may wait at a time. */
const WORTH_POOLING_BYTES = 32 * 1024

/** Free buffers kept, for all connections of the process together: 32 MiB. Idle connections hold none. */
const MAX_FREE = 32

const free: Buffer[] = []

/** A buffer of at least `bytes` (at most POOLED_BYTES); the newest freed one, which is the likeliest to be in the processor's cache. */
export function takeBuffer(bytes: number): Buffer {
  if (bytes < WORTH_POOLING_BYTES) return Buffer.allocUnsafe(bytes)
  return free.pop() ?? Buffer.allocUnsafeSlow(POOLED_BYTES)
}

/** Gives back what `takeBuffer` returned, whole; nobody may look at it afterwards. */
export function giveBuffer(buffer: Buffer): void {
  if (buffer.length === POOLED_BYTES && free.length < MAX_FREE) free.push(buffer)
}
