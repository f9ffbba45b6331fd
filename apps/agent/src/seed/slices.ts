import { setImmediate as yieldToEventLoop } from 'node:timers/promises'
import { Blake3Hasher } from '@napi-rs/blake-hash'

/** Worked through at once; guests are served between two slices. */
const SLICE_BYTES = 1024 * 1024

/** Gives `take` the bytes in slices, in order. */
export async function inSlices(data: Buffer, take: (slice: Buffer) => void): Promise<void> {
  for (let at = 0; at < data.length; at += SLICE_BYTES) {
    take(data.subarray(at, at + SLICE_BYTES))
    if (at + SLICE_BYTES < data.length) await yieldToEventLoop()
  }
}

/** The parts as one, one behind the other. */
export async function joinInSlices(parts: readonly Buffer[]): Promise<Buffer> {
  const whole = Buffer.allocUnsafe(parts.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  let since = 0
  for (const part of parts) {
    await inSlices(part, (slice) => {
      slice.copy(whole, at)
      at += slice.length
    })
    since += part.length
    if (since < SLICE_BYTES) continue
    since = 0
    await yieldToEventLoop()
  }
  return whole
}

/** BLAKE3 (hexadecimal) of the parts, one behind the other. */
export async function hashInSlices(...parts: readonly Buffer[]): Promise<string> {
  const hasher = new Blake3Hasher()
  for (const part of parts) await inSlices(part, (slice) => hasher.update(slice))
  return hasher.digestBuffer().toString('hex')
}

/** Where `sought` is first, at `from` or later; -1: nowhere. */
export async function findInSlices(data: Buffer, sought: Buffer, from: number): Promise<number> {
  for (let at = from; at < data.length; at += SLICE_BYTES) {
    const found = data.subarray(at, at + SLICE_BYTES + sought.length - 1).indexOf(sought)
    if (found >= 0) return at + found
    await yieldToEventLoop()
  }
  return -1
}
